"""Metrics of the voice door. No label ever carries a number, a key or a receipt."""

from typing import Final

from prometheus_client import Counter, Gauge

IVR_CALLS: Final = Gauge("izinhatti_ivr_calls", "Calls in the menu now.")
IVR_ENDED: Final = Counter(
    "izinhatti_ivr_ended",
    "AGI connections ended: done, hung-up, lost, timeout, broken, failed, cut, turned-away, stranger.",
    ["how"],
)
IVR_HANGUPS: Final = Counter("izinhatti_ivr_hangups", "Channels hung up in Asterisk, by Q.850 cause.", ["cause"])
AMI: Final = Gauge("izinhatti_ami", "1 while logged in at Asterisk's manager interface.")

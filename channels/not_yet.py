"""Settings of the contract that this version cannot fulfil: each stops the start with one line."""

from collections.abc import Collection, Iterator

from channels.faults import Fault
from channels.sections import Operator, Settings
from channels.setting_types import POSTGRESQL

_DOORS = ("ivr",)


def not_yet(settings: Settings, doors: Collection[str] = ()) -> Iterator[Fault]:
    """Yield a fault for each setting, or door asked for, that this version does not have."""
    if settings.database.url.startswith(POSTGRESQL):
        yield Fault("database.url", "PostgreSQL is not supported yet, use sqlite+aiosqlite")
    for index, operator in enumerate(settings.sms.operators):
        for key, reason in _operator(operator):
            yield Fault(f"sms.operators[{index}].{key}", f"{reason} not supported yet")
    for door in _DOORS:
        if door in doors:
            yield Fault(door, "this door is not supported yet")


def _operator(operator: Operator) -> Iterator[tuple[str, str]]:
    for tag in ("id_tlv", "time_tlv"):
        if getattr(operator, tag):
            yield tag, "an operator's own TLV is"
    if operator.default_alphabet == "packed":
        yield "default_alphabet", "packed is"
    if operator.reply_alphabet == "turkish-locking":
        yield "reply_alphabet", "turkish-locking is"

"""Limits of guessing by one address: a bucket for each that leaks evenly, in bounded memory."""

import ipaddress
import math
from collections import OrderedDict
from typing import Final

from aiohttp import web

from channels.link.caller import caller
from core.domain.clock import MINUTE_MS, Clock

KEYS_MAX: Final = 65_536
PREFIX_LETTERS: Final = 4
_IPV6_NET_BITS: Final = 64  # what one subscriber gets


class Guesses:
    """Counts what may be guessing: unknown links and receipts, number and code forms. Whoever holds a valid link is
    never counted. The longest quiet is forgotten first once there are too many to remember."""

    def __init__(self, per_minute: int, clock: Clock) -> None:
        """`per_minute` 0 = no limit."""
        self._burst = per_minute
        self._clock = clock
        # For each key the moment (ms) at which its bucket will have leaked empty.
        self._empty_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._empty_at)

    def count(self, *keys: str) -> None:
        """Count one guess under each key. Raises HTTPTooManyRequests where one of them is over its limit."""
        if not self._burst:
            return
        for key in keys:
            self._refuse_if_full(key)
        for key in keys:
            self._empty_at[key] = self._level(key) + MINUTE_MS / self._burst
            self._empty_at.move_to_end(key)
        while len(self._empty_at) > KEYS_MAX:
            self._empty_at.popitem(last=False)

    def refuse_if_full(self, *keys: str) -> None:
        """Raises HTTPTooManyRequests where one of them is over its limit; counts nothing."""
        if self._burst:
            for key in keys:
                self._refuse_if_full(key)

    def _refuse_if_full(self, key: str) -> None:
        # A drop's width of leniency: sums of fractions are not exact.
        wait = self._level(key) + MINUTE_MS / self._burst - MINUTE_MS - self._clock() - 0.001
        if wait > 0:
            raise web.HTTPTooManyRequests(headers={"Retry-After": str(math.ceil(wait / 1000))})

    def _level(self, key: str) -> float:
        now = self._clock()
        level = max(self._empty_at.get(key, now), now)
        if level <= now + MINUTE_MS:
            return level
        # The clock stepped back: nobody is locked out for longer than a full bucket takes.
        self._empty_at[key] = now + MINUTE_MS
        return self._empty_at[key]


def address_key(request: web.Request) -> str:
    """The caller: its IPv4 address, or its IPv6 network."""
    try:
        address = ipaddress.ip_address((caller(request) or "").partition("%")[0])
    except ValueError:
        return "address"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return f"address {int(address) >> (128 - _IPV6_NET_BITS):x}"
        address = address.ipv4_mapped
    return f"address {address}"


def prefix_key(token: str) -> str:
    """Tokens that begin alike: guessing from many addresses around a link that was half seen."""
    return f"token {token[:PREFIX_LETTERS]}"

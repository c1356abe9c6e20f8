"""Listening at the addresses of the settings."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from channels.settings.setting_types import Address


async def listen(runner: web.AppRunner, address: Address, setting: str) -> int:
    """Listen at an address; the port. Raises OSError that names the setting."""
    with listening_at(address, setting):
        await web.TCPSite(runner, address.host, address.port).start()
    return int(runner.addresses[0][1])


@contextmanager
def listening_at(address: Address, setting: str) -> Iterator[None]:
    """Name the setting of an address that cannot be listened at."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, f"{setting}: cannot listen on {address}: {os.strerror(error.errno or 0)}") from error

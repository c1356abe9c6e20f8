"""systemd's end of sd_notify(3): a datagram socket that hears what a service tells."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

LIMIT_S: Final = 30.0


class NotifySocket:
    """`heard` holds all lines so far, in order."""

    def __init__(self, receiver: socket.socket, address: str) -> None:
        self._receiver = receiver
        self.address = address
        self.heard: list[str] = []

    def take(self) -> list[str]:
        """The lines that lie there and were not taken before."""
        lines = []
        while True:
            try:
                lines += self._receiver.recv(65536).decode().split("\n")
            except BlockingIOError:
                self.heard += lines
                return lines

    async def until(self, wanted: str, times: int = 1) -> list[str]:
        """The lines heard from now on, up to those with `wanted`, so many times."""
        lines: list[str] = []
        async with asyncio.timeout(LIMIT_S):
            while sum(wanted in line for line in lines) < times:
                lines += self.take()
                await asyncio.sleep(0.01)
        return lines


@contextmanager
def notify_socket(folder: Path, *, abstract: bool = False) -> Iterator[NotifySocket]:
    address = f"@izinhatti {folder}" if abstract else str(folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.setblocking(False)
        receiver.bind("\0" + address[1:] if abstract else address)
        yield NotifySocket(receiver, address)

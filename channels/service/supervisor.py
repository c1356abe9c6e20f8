"""Reports of the process to systemd, as sd_notify(3) says: datagrams to the socket that `NOTIFY_SOCKET` names.

Twenty lines of our own: `sdnotify` has had no release since 2017, and `systemd-python` is built against a C library.
"""

import os
import socket
from collections.abc import Mapping
from typing import NamedTuple


class Supervisor(NamedTuple):
    """`address` is None where nobody supervises; `watchdog_s` where nobody waits for signs of life, else for how long
    they may stay out."""

    address: str | None = None
    watchdog_s: float | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Supervisor":
        """As systemd sets it for this process. Raises ValueError for what sd_notify(3) does not know."""
        address = environ.get("NOTIFY_SOCKET")
        if not address:
            return cls()
        if address[0] not in "/@":
            raise ValueError("NOTIFY_SOCKET: must be a path, or begin with @")
        is_ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        microseconds = environ.get("WATCHDOG_USEC", "") if is_ours else ""
        if microseconds and not (microseconds.isascii() and microseconds.isdecimal() and int(microseconds)):
            raise ValueError("WATCHDOG_USEC: must be a number of microseconds")
        return cls(address, int(microseconds) / 1e6 if microseconds else None)

    def tell(self, lines: list[str]) -> bool:
        """False when systemd did not take it, now or ever: its queue is full, or it is gone. Never waits."""
        if self.address is None or not lines:
            return True
        # A leading @ stands for the zero octet of an address without a file.
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            try:
                sender.sendto("\n".join(lines).encode(), address)
            except OSError:
                return False
        return True

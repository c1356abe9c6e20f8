"""One SMTP connection, which tells for each mail what became of it.

aiosmtplib connects, encrypts, logs in and reads replies. The envelope and the body are written step by step here:
its own `sendmail` does not tell a connection lost before the body left from one lost after, and rewrites addresses
that it reads as comments.
"""

import asyncio
import os
import re
import ssl
from collections.abc import Callable
from enum import Enum
from typing import Final

import aiosmtplib

from channels.mail.mailbox import Mailbox
from channels.mail.relay import Relay

_OK: Final = 2  # the first digit of a reply (RFC 5321, 4.2.1)
_GO_ON: Final = 3
_NAME_NOT_ALLOWED: Final = 553  # what a server without SMTPUTF8 would say (RFC 6531, 3.5)
_LEADING_DOT: Final = re.compile(rb"^\.", re.MULTILINE)  # RFC 5321, 4.5.2


class Step(Enum):
    """The step of a session that a reply speaks of."""

    SENDER = "MAIL"
    RECIPIENT = "RCPT"
    CONTENT = "DATA"


class Refused(Exception):
    """The server said no. Only its code is kept: its words may repeat the address."""

    def __init__(self, step: Step, code: int) -> None:
        super().__init__(f"smtp {code}")
        self.step = step
        self.code = code


class NotSent(Exception):
    """The connection ended, or was never made; the mail did not leave. Says why, in words without an address."""


class FateUnknown(Exception):
    """The mail left, and nobody said what became of it."""


class Connection(aiosmtplib.SMTP):
    """Made, used and closed once. `on_close` is called whenever it closes, from either side.

    `step_s` limits opening, pinging and leaving, in seconds each.
    """

    def __init__(self, relay: Relay, own_name: str, step_s: float, on_close: Callable[[], None]) -> None:
        super().__init__(
            hostname=relay.host,
            port=relay.port,
            username=relay.username,
            password=relay.password,
            use_tls=relay.implicit_tls,
            start_tls=relay.starttls,
            local_hostname=own_name,
            timeout=step_s,
        )
        self._step_s = step_s
        self._on_close = on_close
        self._has_envelope = False

    def close(self) -> None:
        super().close()
        self._on_close()

    async def open(self) -> None:
        """Raises `NotSent`."""
        try:
            async with asyncio.timeout(self._step_s):
                await self.connect()
                await self.ehlo()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            self.close()
            raise NotSent(f"cannot connect: {_why(error)}") from error

    async def deliver(self, sender: Mailbox, recipient: Mailbox, message: bytes, limit_s: float) -> int:
        """Hand one mail over, within `limit_s` seconds in all; the code of the reply, 2xx.

        Raises `Refused`, `NotSent` or `FateUnknown`; after the last two it is closed.
        """
        has_left = False
        body = _LEADING_DOT.sub(b"..", message) + b".\r\n"
        try:
            async with asyncio.timeout(limit_s):
                await self._envelope(sender, recipient)
                self._protocol.write(body)
                has_left = True
                reply = await self._protocol.read_response()
        except (aiosmtplib.SMTPException, OSError) as error:
            self.close()
            raise (FateUnknown if has_left else NotSent)(_why(error)) from error
        self._has_envelope = False
        if reply.code // 100 != _OK:
            raise Refused(Step.CONTENT, reply.code)
        return reply.code

    async def ping(self) -> None:
        """Keep the connection, or find that it is gone."""
        try:
            await self.noop()
        except (aiosmtplib.SMTPException, OSError):
            self.close()

    async def leave(self) -> None:
        try:
            await self.quit()
        except (aiosmtplib.SMTPException, OSError):
            self.close()

    @property
    def _protocol(self) -> aiosmtplib.protocol.SMTPProtocol:
        if self.protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("lost")
        return self.protocol

    async def _envelope(self, sender: Mailbox, recipient: Mailbox) -> None:
        if self._has_envelope:
            await self._ask(Step.SENDER, _OK, b"RSET")
        options: tuple[bytes, ...] = ()
        if sender.needs_utf8 or recipient.needs_utf8:
            if not self.supports_extension("smtputf8"):
                raise Refused(Step.RECIPIENT, _NAME_NOT_ALLOWED)
            options = (b"BODY=8BITMIME", b"SMTPUTF8")
        self._has_envelope = True
        await self._ask(Step.SENDER, _OK, b"MAIL", b"FROM:" + _path(sender), *options)
        await self._ask(Step.RECIPIENT, _OK, b"RCPT", b"TO:" + _path(recipient))
        await self._ask(Step.CONTENT, _GO_ON, b"DATA")

    async def _ask(self, step: Step, wanted: int, *command: bytes) -> None:
        reply = await self.execute_command(*command)
        if reply.code // 100 != wanted:
            raise Refused(step, reply.code)


def _path(mailbox: Mailbox) -> bytes:
    return f"<{mailbox.reveal()}>".encode()


def _why(error: Exception) -> str:
    """A fault in words of our own: a library's or a server's may repeat addresses."""
    cause = error.__cause__ if isinstance(error, aiosmtplib.SMTPException) and error.__cause__ else error
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"smtp {error.code}"
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(cause, ssl.SSLError):
        return f"TLS {cause.reason or 'failed'}"
    if isinstance(cause, OSError) and cause.errno is not None:
        return os.strerror(cause.errno) if cause.errno > 0 else cause.strerror or "no such host"
    return "connection lost" if isinstance(error, ConnectionError) else "not supported by the server"

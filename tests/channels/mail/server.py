"""A real mail server on loopback, and what the tests make it say."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

OK: Final = "250 OK"


class Protocol(SMTP):
    """aiosmtpd's protocol; tells the server of its connections."""

    def __init__(self, server: "MailServer", **options: Any) -> None:
        super().__init__(server, **options)
        self.mail_server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        super().connection_made(transport)
        self.mail_server.connections += 1
        self.mail_server.open_transports.append(transport)


class MailServer:
    """`on_sender`, `on_recipient` and `on_content` answer MAIL, RCPT and the body; a reply may be awaited."""

    def __init__(self) -> None:
        self.port = 0
        self.received: list[Envelope] = []
        self.commands: list[str] = []
        self.logins: list[LoginPassword] = []
        self.connections = 0
        self.open_transports: list[asyncio.Transport] = []
        self.on_sender: Callable[[], str] = lambda: OK
        self.on_recipient: Callable[[str], str] = lambda _: OK
        self.on_content: Callable[[], str] = lambda: OK
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    def hang_up(self) -> None:
        """Every connection ends without a word."""
        for transport in self.open_transports:
            transport.abort()
        self.open_transports.clear()

    def authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _kind: str, data: Any) -> AuthResult:
        self.logins.append(data)
        return AuthResult(success=True)

    # aiosmtpd's hooks.

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.commands.append("MAIL")
        reply = self.on_sender()
        if reply == OK:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return reply

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.commands.append("RCPT")
        reply = self.on_recipient(address)
        if reply == OK:
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_RSET(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        self.commands.append("RSET")
        return OK

    async def handle_NOOP(self, _server: SMTP, _session: Session, _envelope: Envelope, _argument: str) -> str:  # noqa: N802
        self.commands.append("NOOP")
        return OK

    async def handle_QUIT(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        self.commands.append("QUIT")
        return "221 Bye"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.commands.append("DATA")
        await self.may_answer.wait()
        reply = self.on_content()
        if reply.startswith("2"):
            self.received.append(envelope)
        return reply


@asynccontextmanager
async def mail_server(
    port: int = 0, *, tls: ssl.SSLContext | None = None, smtputf8: bool = True, **options: Any
) -> AsyncIterator[MailServer]:
    """Listen on 127.0.0.1; `tls` from the first octet on. `options` are aiosmtpd's."""
    server = MailServer()
    options.setdefault("authenticator", server.authenticate)
    listening = await asyncio.get_running_loop().create_server(
        lambda: Protocol(server, hostname="mx.example", enable_SMTPUTF8=smtputf8, decode_data=False, **options),
        "127.0.0.1",
        port,
        ssl=tls,
    )
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        server.may_answer.set()
        server.hang_up()
        await listening.wait_closed()

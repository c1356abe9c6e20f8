"""The mailer against a real mail server, and what it tells the outbox."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from structlog.testing import capture_logs

from channels.mail.mailbox import Mailbox
from channels.mail.mailer import CARRIER, RETRY_DELAY_MS, Mailer, Pace
from channels.mail.message import message_id
from channels.mail.signature import BadKey
from channels.settings.sections import Mail
from core.domain.clock import Instant
from core.domain.recipients import BadAddress
from core.outbox.outbox import ATTEMPTS_MAX, Outbox, OutboxMessage
from tests.channels.mail.dns import verifies
from tests.channels.mail.notices import NOTICE, NOW, RECIPIENT, SELECTOR, SENDER, TOKEN, ed25519_key, pem, rsa_key
from tests.channels.mail.server import MailServer, mail_server
from tests.container import PATIENCE_S, until

HASTE: Final = Pace(first_s=0.01, most_s=0.02)
LEASE_S: Final = 60.0
HURRIED_LEASE_S: Final = 0.4


class Fates(Outbox):
    """An outbox that keeps what it is told in plain sight: parcel, fate, reason or message id, delay."""

    def __init__(self) -> None:
        super().__init__(1, lambda: NOW, 60_000)
        self.told: list[tuple[Any, ...]] = []
        self.expected = 0

    def expect(self) -> None:
        self.expected += 1

    def accepted(self, outbox_id: int, operator: str, message_id: str) -> None:
        self.told.append((outbox_id, "accepted", f"{operator} {message_id}"))

    def release(self, outbox_message: OutboxMessage, delay_ms: int, reason: str, *, was_attempt: bool = False) -> None:
        self.told.append((outbox_message.id, "release", reason, delay_ms))

    def dead_letter(self, outbox_id: int, reason: str) -> None:
        self.told.append((outbox_id, "dead_letter", reason))

    def unknown(self, outbox_message: OutboxMessage) -> None:
        self.told.append((outbox_message.id, "unknown"))


class Post:
    """A mailer that runs, and the outbox that it tells."""

    def __init__(self, mailer: Mailer, fates: Fates) -> None:
        self.mailer = mailer
        self.fates = fates
        self.running = asyncio.create_task(mailer.run())

    async def connected(self) -> None:
        await until(lambda: self.mailer.trouble is None)

    async def fate(self, *outbox_messages: OutboxMessage) -> list[tuple[Any, ...]]:
        """Carry them; what became of them, in the order in which it was told."""
        before = len(self.fates.told)
        self.mailer.send(outbox_messages)
        await until(lambda: len(self.fates.told) >= before + len(outbox_messages))
        return self.fates.told[before:]

    async def end(self) -> None:
        self.mailer.stop()
        async with asyncio.timeout(PATIENCE_S):
            await self.running


def outbox_message(number: int = 1, recipient: str = "ayse@posta.example", **fields: Any) -> OutboxMessage:
    return OutboxMessage(
        number, recipient, NOTICE.to_json(), 1, Instant(NOW + 1_000_000), 0, Instant(NOW + 1_000_000)
    )._replace(**fields)


ACCEPTED: Final = (1, "accepted", f"{CARRIER} {message_id(NOTICE, SENDER)}")


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as server:
        yield server


OpenPost = Callable[..., Post]


@pytest.fixture
async def open_post() -> AsyncIterator[OpenPost]:
    """Start mailers; they are stopped in the end."""
    posts: list[Post] = []

    def start(url: str, *, lease_s: float = LEASE_S, pace: Pace = HASTE, **section: Any) -> Post:
        fates = Fates()
        mail = Mail(smtp=url, sender=SENDER.reveal(), **section)
        posts.append(Post(Mailer(mail, fates, lambda: None, lambda: NOW, lease_s, pace), fates))
        return posts[-1]

    yield start
    for post in posts:
        await post.end()


@pytest.fixture
async def post(server: MailServer, open_post: OpenPost) -> Post:
    post = open_post(f"smtp://127.0.0.1:{server.port}")
    await post.connected()
    return post


# A mail arrives.


async def test_a_notice_arrives(server: MailServer, post: Post) -> None:
    assert await post.fate(outbox_message()) == [ACCEPTED]

    [envelope] = server.received
    message = message_from_bytes(cast("bytes", envelope.content), policy=SMTP)
    assert envelope.mail_from == SENDER.reveal()
    assert envelope.rcpt_tos == [RECIPIENT.reveal()]
    assert message["To"] == RECIPIENT.reveal()
    assert message["Message-ID"] == message_id(NOTICE, SENDER)
    assert [part.get_content_type() for part in message.walk()][1:] == ["text/plain", "text/html"]
    assert "DKIM-Signature" not in message
    assert "List-Unsubscribe-Post" not in message


@pytest.mark.parametrize("key", [pytest.param(rsa_key, id="RSA"), pytest.param(ed25519_key, id="Ed25519")])
async def test_the_signature_outlives_the_way(
    server: MailServer, open_post: OpenPost, tmp_path: Path, key: Callable[[], Any]
) -> None:
    (tmp_path / "dkim.pem").write_bytes(pem(key()))
    post = open_post(f"smtp://127.0.0.1:{server.port}", dkim_key=tmp_path / "dkim.pem", dkim_selector=SELECTOR)
    await post.connected()

    await post.fate(outbox_message())

    octets = cast("bytes", server.received[0].content)
    message = message_from_bytes(octets, policy=SMTP)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert verifies(octets, key())


async def test_a_line_that_begins_with_a_dot_arrives_whole(server: MailServer, post: Post) -> None:
    notice = NOTICE._replace(brand=".", language=NOTICE.language)

    assert (await post.fate(outbox_message(text=notice.to_json())))[0][1] == "accepted"

    assert b"\r\n., e-posta adresinize" in cast("bytes", server.received[0].content)


async def test_many_go_over_one_connection_in_their_order(server: MailServer, post: Post) -> None:
    count = post.mailer.capacity()

    told = await post.fate(*(outbox_message(n, f"a{n}@posta.example") for n in range(count)))

    assert count == HASTE.in_hand_max
    assert [fate[:2] for fate in told] == [(n, "accepted") for n in range(count)]
    assert [envelope.rcpt_tos for envelope in server.received] == [[f"a{n}@posta.example"] for n in range(count)]
    assert server.connections == 1
    assert post.mailer.capacity() == count


async def test_capacity_is_what_is_free(server: MailServer, post: Post) -> None:
    server.may_answer.clear()

    post.mailer.send([outbox_message(1), outbox_message(2), outbox_message(3)])
    await until(lambda: "DATA" in server.commands)

    assert post.mailer.capacity() == HASTE.in_hand_max - 3
    server.may_answer.set()


async def test_an_address_beyond_ascii_arrives(server: MailServer, post: Post) -> None:
    assert (await post.fate(outbox_message(recipient="ayşe@posta.example")))[0][1] == "accepted"

    assert server.received[0].rcpt_tos == ["ayşe@posta.example"]
    assert server.received[0].smtp_utf8
    assert "\r\nTo: ayşe@posta.example\r\n".encode() in cast("bytes", server.received[0].content)


async def test_an_address_beyond_ascii_is_a_bounce_where_the_server_cannot(open_post: OpenPost) -> None:
    async with mail_server(smtputf8=False) as server:
        post = open_post(f"smtp://127.0.0.1:{server.port}")
        await post.connected()

        told = await post.fate(outbox_message(1, "ayşe@posta.example"), outbox_message(2))

    assert [fate[:2] for fate in told] == [(1, "dead_letter"), (2, "accepted")]
    assert told[0][2] == "smtp 553"


# The server says no.


@pytest.mark.parametrize(
    ("step", "reply", "fate"),
    [
        pytest.param(
            "on_recipient", "550 5.1.1 <ayse@posta.example> unknown", (1, "dead_letter", "smtp 550"), id="unknown"
        ),
        pytest.param("on_recipient", "552 mailbox full", (1, "dead_letter", "smtp 552"), id="full"),
        pytest.param(
            "on_recipient", "451 greylisted", (1, "release", "smtp 451", 3 * RETRY_DELAY_MS), id="greylisted, third try"
        ),
        pytest.param("on_recipient", "450 busy", (1, "release", "smtp 450", 3 * RETRY_DELAY_MS), id="busy"),
        pytest.param("on_content", "554 5.7.1 no", (1, "dead_letter", "smtp 554"), id="content refused"),
        pytest.param("on_content", "452 disk", (1, "release", "smtp 452", 3 * RETRY_DELAY_MS), id="no room"),
        pytest.param("on_content", "299 sure", ACCEPTED, id="another kind of yes"),
    ],
)
async def test_a_refusal_settles_the_one_mail(
    server: MailServer, post: Post, step: str, reply: str, fate: tuple[Any, ...]
) -> None:
    replies = iter([reply, "250 OK"])
    setattr(server, step, lambda *_: next(replies))

    told = await post.fate(outbox_message(1, attempts=3), outbox_message(2))

    assert told[0] == fate
    assert told[1][:2] == (2, "accepted")
    assert server.connections == 1


async def test_the_last_temporary_refusal_buries(server: MailServer, post: Post) -> None:
    server.on_recipient = lambda _: "451 greylisted"

    assert await post.fate(outbox_message(attempts=ATTEMPTS_MAX)) == [(1, "dead_letter", "smtp 451")]


@pytest.mark.parametrize(
    ("step", "reply", "code"),
    [
        pytest.param("on_sender", "550 not you", 550, id="sender refused"),
        pytest.param("on_sender", "451 later", 451, id="sender put off"),
        pytest.param("on_recipient", "530 log in first", 530, id="login wanted"),
        pytest.param("on_recipient", "503 out of order", 503, id="out of order"),
    ],
)
async def test_a_refusal_of_the_line_itself_gives_up_no_mail(
    server: MailServer, post: Post, step: str, reply: str, code: int
) -> None:
    setattr(server, step, lambda *_: reply)
    post.mailer.send([outbox_message(1), outbox_message(2)])
    await until(lambda: len(post.fates.told) == 2)

    assert post.fates.told == [(1, "release", f"smtp {code}", 0), (2, "release", "not sent", 0)]
    await until(lambda: server.connections == 2)


# The connection breaks.


async def test_no_server(open_post: OpenPost) -> None:
    async with mail_server() as server:
        port = server.port
    post = open_post(f"smtp://127.0.0.1:{port}")

    await until(lambda: post.mailer.trouble == "mail: cannot connect: Connection refused")

    assert post.mailer.capacity() == 0
    assert await post.fate(outbox_message()) == [(1, "release", "not sent", 0)]


async def test_it_comes_back_when_the_server_does(open_post: OpenPost) -> None:
    async with mail_server() as server:
        post = open_post(f"smtp://127.0.0.1:{server.port}")
        await post.connected()
    await until(lambda: post.mailer.trouble is not None)

    async with mail_server(server.port) as again:
        await post.connected()

        assert await post.fate(outbox_message()) == [ACCEPTED]
        assert len(again.received) == 1
    assert post.fates.expected == 2


async def test_a_server_killed_before_the_body_has_no_mail(server: MailServer, post: Post) -> None:
    def hang_up(_: str) -> str:
        server.hang_up()
        return "250 OK"

    server.on_recipient = hang_up
    told = await post.fate(outbox_message(1), outbox_message(2))

    assert told == [(1, "release", "connection lost", RETRY_DELAY_MS), (2, "release", "not sent", 0)]


async def test_a_server_killed_after_the_body_may_have_the_mail(server: MailServer, post: Post) -> None:
    def hang_up() -> str:
        server.hang_up()
        return "250 OK"

    server.on_content = hang_up
    told = await post.fate(outbox_message(1), outbox_message(2))

    assert told == [(1, "unknown"), (2, "release", "not sent", 0)]
    await post.connected()
    server.on_content = lambda: "250 OK"
    assert (await post.fate(outbox_message(1, unknowns=1)))[0][1] == "accepted"


async def test_a_server_that_does_not_answer_the_body_may_have_the_mail(
    server: MailServer, open_post: OpenPost
) -> None:
    server.may_answer.clear()
    post = open_post(f"smtp://127.0.0.1:{server.port}", lease_s=HURRIED_LEASE_S)
    await post.connected()

    assert (await post.fate(outbox_message()))[0] == (1, "unknown")


async def test_a_server_that_never_greets(open_post: OpenPost) -> None:
    greeted = asyncio.Event()

    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await greeted.wait()
        writer.close()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with silent:
        post = open_post(f"smtp://127.0.0.1:{silent.sockets[0].getsockname()[1]}", pace=HASTE._replace(step_s=0.05))

        await until(lambda: post.mailer.trouble == "mail: cannot connect: no answer")
        await post.end()
        greeted.set()


@pytest.mark.parametrize(
    ("script", "fate"),
    [
        pytest.param([b"nonsense\r\n"], (1, "release", "smtp -1", RETRY_DELAY_MS), id="nonsense to MAIL"),
        pytest.param([b"250 a\r\n", b""], (1, "release", "connection lost", RETRY_DELAY_MS), id="gone at RCPT"),
        pytest.param([b"250 a\r\n", b"421 b\r\n"], (1, "release", "smtp 421", RETRY_DELAY_MS), id="closing at RCPT"),
        pytest.param(
            [b"250 a\r\n", b"250 b\r\n", b"250 c\r\n"], (1, "release", "smtp 250", RETRY_DELAY_MS), id="yes to DATA"
        ),
        pytest.param(
            [b"250 a\r\n", b"250 b\r\n", b"354 c\r\n", b"nonsense\r\n"], (1, "unknown"), id="nonsense to the body"
        ),
        pytest.param(
            [b"250 a\r\n", b"250 b\r\n", b"354 c\r\n", b"9" * 40_000 + b"\r\n"], (1, "unknown"), id="endless reply"
        ),
    ],
)
async def test_a_server_that_breaks_the_rules(open_post: OpenPost, script: list[bytes], fate: tuple[Any, ...]) -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx.example\r\n")
        await reader.readline()
        writer.write(b"250 mx.example\r\n")
        for reply in script:
            end = b"\r\n.\r\n" if reply == script[-1] and len(script) == 4 else b"\r\n"
            await reader.readuntil(end)
            if reply:
                writer.write(reply)
        writer.close()

    async with await asyncio.start_server(play, "127.0.0.1", 0) as listening:
        post = open_post(f"smtp://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
        await post.connected()

        assert (await post.fate(outbox_message()))[0] == fate
        await post.end()


async def test_parcels_are_handed_back_before_their_lease_ends(server: MailServer, open_post: OpenPost) -> None:
    post = open_post(f"smtp://127.0.0.1:{server.port}", lease_s=0)
    await post.connected()

    assert await post.fate(outbox_message()) == [(1, "release", "not sent", 0)]
    assert "MAIL" not in server.commands


async def test_an_idle_connection_is_tried(server: MailServer, open_post: OpenPost) -> None:
    post = open_post(f"smtp://127.0.0.1:{server.port}", pace=HASTE._replace(ping_s=0.01))
    await post.connected()

    await until(lambda: server.commands.count("NOOP") > 1)

    assert server.connections == 1


async def test_a_connection_closed_while_idle_is_made_anew(server: MailServer, post: Post) -> None:
    server.hang_up()
    await until(lambda: server.connections == 2)
    await post.connected()

    assert await post.fate(outbox_message()) == [ACCEPTED]


# Stopping.


async def test_stop_settles_the_mail_that_is_leaving_and_hands_back_the_rest(server: MailServer, post: Post) -> None:
    server.may_answer.clear()
    post.mailer.send([outbox_message(1), outbox_message(2)])
    await until(lambda: "DATA" in server.commands)

    post.mailer.stop()
    assert post.mailer.capacity() == 0
    post.mailer.send([outbox_message(3)])
    server.may_answer.set()
    async with asyncio.timeout(PATIENCE_S):
        await post.running

    assert sorted(fate[:2] for fate in post.fates.told) == [(1, "accepted"), (2, "release"), (3, "release")]
    assert server.commands[-1] == "QUIT"
    assert len(server.received) == 1


async def test_turned_away_it_takes_no_more_but_sends_what_it_has(server: MailServer, post: Post) -> None:
    post.mailer.send([outbox_message()])

    post.mailer.turn_away()

    assert post.mailer.capacity() == 0
    await until(lambda: bool(post.fates.told))
    assert post.fates.told == [ACCEPTED]


# What cannot be sent, and what nobody may read.


@pytest.mark.parametrize(
    "faulty",
    [
        pytest.param(outbox_message(text="RET MIGROS"), id="no notice"),
        pytest.param(outbox_message(text=NOTICE._replace(url="https://izin.example/").to_json()), id="no link"),
        pytest.param(outbox_message(recipient="(x)ayse@posta.example"), id="an address that others read otherwise"),
        pytest.param(
            outbox_message(recipient="ayse@posta.example>\r\nRCPT TO:<x@y.example"), id="a command in the address"
        ),
        pytest.param(outbox_message(recipient="+905321234567"), id="a number"),
    ],
)
async def test_a_faulty_parcel_is_buried_and_the_next_one_leaves(
    server: MailServer, post: Post, faulty: OutboxMessage
) -> None:
    told = await post.fate(faulty, outbox_message(2))

    assert [fate[:2] for fate in told] == [(1, "dead_letter"), (2, "accepted")]
    assert len(server.received) == 1


async def test_logs_and_reasons_hold_no_address_and_no_token(server: MailServer, open_post: OpenPost) -> None:
    replies = iter(["550 ayse@posta.example unknown", f"450 {TOKEN}", "530 ayse@posta.example"])
    server.on_recipient = lambda _: next(replies, "250 OK")
    with capture_logs() as logs:
        post = open_post(f"smtp://127.0.0.1:{server.port}")
        await post.connected()
        await post.fate(outbox_message(1), outbox_message(2), outbox_message(3))
        await post.connected()
        await post.fate(
            outbox_message(4, text=f"ayse@posta.example {TOKEN}"), outbox_message(5, "(x)ayse@posta.example")
        )

    written = f"{logs} {post.fates.told} {post.mailer.trouble}"
    assert "refused for good" in written
    assert "ayse" not in written
    assert TOKEN not in written


@pytest.mark.parametrize(
    ("section", "error"),
    [
        pytest.param({"sender": "bildirim@izin"}, BadAddress, id="sender that cannot be mailed from"),
        pytest.param({"dkim_key": Path("missing.pem"), "dkim_selector": SELECTOR}, FileNotFoundError, id="no key file"),
        pytest.param({"dkim_key": Path(__file__), "dkim_selector": SELECTOR}, BadKey, id="no key in the file"),
        pytest.param({"dkim_key": Path(__file__)}, BadKey, id="no selector"),
    ],
)
async def test_settings_that_cannot_work(section: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        Mailer(Mail(**section), Fates(), lambda: None, lambda: NOW, LEASE_S)


# Encryption and login.


@pytest.fixture
def certificate(tmp_path: Path) -> ssl.SSLContext:
    """A server's context, with a certificate for localhost; it stands in `tmp_path/cert.pem`."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, rsa_key().public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(rsa_key(), SHA256())
    )
    (tmp_path / "cert.pem").write_bytes(signed.public_bytes(Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(pem(rsa_key()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    return context


async def test_smtps_and_login(
    certificate: ssl.SSLContext, open_post: OpenPost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    async with mail_server(tls=certificate, auth_require_tls=False) as server:
        post = open_post(f"smtps://hat:g%40rip@localhost:{server.port}")
        await post.connected()

        assert await post.fate(outbox_message()) == [ACCEPTED]
        await post.end()

    assert [(login.login, login.password) for login in server.logins] == [(b"hat", b"g@rip")]


async def test_a_certificate_that_nobody_vouches_for(certificate: ssl.SSLContext, open_post: OpenPost) -> None:
    async with mail_server(tls=certificate) as server:
        post = open_post(f"smtps://localhost:{server.port}")

        await until(lambda: post.mailer.trouble == "mail: cannot connect: TLS CERTIFICATE_VERIFY_FAILED")
        await post.end()


async def test_starttls_is_taken_where_it_is_offered(
    certificate: ssl.SSLContext, open_post: OpenPost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    monkeypatch.setattr("channels.mail.relay.is_loopback", lambda _: False)
    async with mail_server(tls_context=certificate, require_starttls=True) as server:
        post = open_post(f"smtp://hat:gizli@localhost:{server.port}")
        await post.connected()

        assert await post.fate(outbox_message()) == [ACCEPTED]
        await post.end()

    assert [login.password for login in server.logins] == [b"gizli"]


async def test_a_password_does_not_travel_in_clear(
    server: MailServer, open_post: OpenPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.mail.relay.is_loopback", lambda _: False)
    post = open_post(f"smtp://hat:gizli@localhost:{server.port}")

    await until(lambda: post.mailer.trouble == "mail: cannot connect: not supported by the server")

    assert not server.logins


def test_a_mailbox_is_masked_where_it_is_printed() -> None:
    assert f"{Mailbox.parse('ayse@posta.example')}" == "…@posta.example"

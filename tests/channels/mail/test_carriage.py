"""From a row of the real outbox to the mail server, and the row's end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from channels.mail.mailer import CARRIER, RETRY_DELAY_MS, Mailer, Pace
from channels.mail.message import message_id
from channels.settings.sections import Mail
from core.outbox import outbox as outbox_module
from core.outbox.outbox import OutboxClass
from core.store.queries.outbox import ADD_OUTBOX
from tests.channels.mail.notices import NOTICE, SENDER
from tests.channels.mail.server import mail_server
from tests.container import LEASE_MS, PATIENCE_S, Container, until


@asynccontextmanager
async def mailing(container: Container, port: int) -> AsyncIterator[Mailer]:
    section = Mail(smtp=f"smtp://127.0.0.1:{port}", sender=SENDER.reveal())
    pace = Pace(first_s=0.01, most_s=0.02)
    mailer = Mailer(section, container.outbox, container.writer.wake, container.clock, LEASE_MS / 1000, pace)
    container.outbox.transport = mailer
    running = asyncio.create_task(mailer.run())
    try:
        yield mailer
    finally:
        mailer.stop()
        async with asyncio.timeout(PATIENCE_S):
            await running


async def put(container: Container, count: int) -> None:
    rows = [
        outbox_module.row(
            *(container.ids.next(), None, f"a{n}@posta.example", NOTICE.to_json(), "", container.clock()),
            OutboxClass.NOTICE,
        )
        for n in range(count)
    ]
    await container.writer.errand(lambda transaction: transaction.run_many(ADD_OUTBOX, rows))
    container.outbox.expect()
    container.writer.wake()


async def settled(container: Container, state: str, count: int, reason: str | None = None) -> None:
    """So many rows are in this state, for this reason."""
    async with asyncio.timeout(PATIENCE_S):
        while await container.column("SELECT reason FROM outbox WHERE state = ?", state) != [reason] * count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_rows_leave_before_and_after_the_server_comes_up(container: Container) -> None:
    async with mail_server() as gone:
        port = gone.port
    await put(container, 30)

    async with mailing(container, port) as mailer:
        await until(lambda: "refused" in (mailer.trouble or ""))
        async with mail_server(port) as server:
            await settled(container, "accepted", 30)
            await put(container, 30)
            await settled(container, "accepted", 60)

            assert len(server.received) == 60
    assert await container.column("SELECT DISTINCT operator FROM outbox") == [CARRIER]
    assert await container.column("SELECT DISTINCT message_id FROM outbox") == [message_id(NOTICE, SENDER)]


async def test_a_bounce_is_a_dead_row_with_the_code_alone(container: Container) -> None:
    async with mail_server() as server, mailing(container, server.port):
        server.on_recipient = lambda address: f"550 5.1.1 <{address}> unknown"
        await put(container, 1)
        await settled(container, "dead", 1, "smtp 550")


async def test_a_greylisted_row_is_taken_again_when_its_time_has_come(container: Container) -> None:
    async with mail_server() as server, mailing(container, server.port):
        replies = iter(["451 greylisted"])
        server.on_recipient = lambda _: next(replies, "250 OK")
        await put(container, 1)
        await settled(container, "ready", 1, "smtp 451")

        container.clock.pass_ms(RETRY_DELAY_MS)
        container.outbox.expect()
        container.writer.wake()
        await settled(container, "accepted", 1, "smtp 451")


async def test_a_mail_of_unknown_fate_is_sent_once_more(container: Container) -> None:
    async with mail_server() as server, mailing(container, server.port):

        def hang_up() -> str:
            server.hang_up()
            return "250 OK"

        server.on_content = hang_up
        await put(container, 1)
        await settled(container, "dead", 1, "unknown")

        assert len(server.received) == 2

"""Shared parts of all doors of a process, put together."""

from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

from channels.mail.mailer import Mailer
from channels.mail.notice import mail_text
from channels.mail.signature import BadKey
from channels.service.ledger_session import LedgerSession
from channels.settings.reserved import is_reserved
from channels.settings.rules import rules_of
from channels.settings.sections import Link, Settings
from core.brands.directory import Directory
from core.domain.calendar import Calendar
from core.domain.clock import system_clock
from core.domain.ids import Ids
from core.domain.recipients import BadAddress
from core.intake.batch import Tools
from core.intake.desk import Desk
from core.intake.reply_quota import ReplyQuota
from core.intake.writer import Writer
from core.outbox.connections import Connections
from core.outbox.deliveries import Deliveries
from core.outbox.outbox import BY_MAIL, Outbox
from core.registry.notifier import Notifier
from sms.texts.render import render

DAY_MS: Final = 86_400_000


class Outboxes(NamedTuple):
    """One for each operator, which is its transport; and that of the mailer, if there is one."""

    by_sms: Sequence[Outbox]
    by_mail: Sequence[Outbox]

    def expect(self) -> None:
        """There may be messages to send."""
        for outbox in (*self.by_sms, *self.by_mail):
            outbox.expect()


class Container(NamedTuple):
    """The parts that each door works with."""

    writer: Writer
    desk: Desk
    connections: Connections
    deliveries: Deliveries
    notifier: Notifier
    outboxes: Outboxes
    mailer: Mailer | None


def open_container(settings: Settings, own: LedgerSession, directory: Directory) -> Container:
    """Raises ValueError with one line where the settings for mail cannot work."""
    clock, book, timing, link = system_clock, own.book, settings.timing, settings.link or Link()
    lease_ms = round(timing.outbox_lease_s * 1000)
    outbox_of = partial(Outbox, book.number, clock, lease_ms, token_life_ms=round(link.valid_days * DAY_MS))
    outboxes = Outboxes(
        [outbox_of() for _ in settings.sms.operators], [outbox_of(classes=BY_MAIL)] if settings.mail else []
    )
    writer, ids = Writer(own.database, book), Ids(book.number)
    connections = Connections(ids, clock, round(timing.redelivery_s * 1000))
    rules = rules_of(settings, own.code_key, voice=settings.ivr is not None)
    is_taken, find_brand = partial(is_reserved, directory), directory.get
    calendar = Calendar(settings.calendar.bridge_days)
    tools = Tools(*(ids, book, calendar, clock, render, is_taken, find_brand, rules, ReplyQuota(rules)))
    desk = Desk(tools, connections, writer.wake, outboxes.expect)
    writer.join(desk)
    # After the desk: an answer can be leased in the transaction that decides it.
    for outbox in outboxes.by_sms:
        writer.join(outbox)
    deliveries = Deliveries(clock, writer.wake, [one.name for one in settings.sms.operators])
    writer.join(deliveries)
    mailer = _mailer(settings, outboxes.by_mail, writer, lease_ms / 1000)
    for outbox in outboxes.by_mail:
        writer.join(outbox)
    notifier = Notifier(*(clock, find_brand, render, mail_text if settings.mail else None), link.public_url.rstrip("/"))
    return Container(writer, desk, connections, deliveries, notifier, outboxes, mailer)


def _mailer(settings: Settings, by_mail: Sequence[Outbox], writer: Writer, lease_s: float) -> Mailer | None:
    if settings.mail is None:
        return None
    [outbox] = by_mail
    try:
        mailer = Mailer(settings.mail, outbox, writer.wake, system_clock, lease_s)
    except (BadAddress, BadKey) as error:
        raise ValueError(f"mail: {error}") from error
    outbox.transport = mailer
    return mailer

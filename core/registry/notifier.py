"""Puts notices into the outbox when they are due: few at a time, so that the outbox stays short for those who wait."""

from collections.abc import Callable
from typing import Final, NamedTuple

from core.brands.brand import Brand
from core.conversation.answers import ApprovalNotice, ConsentEnded, Texts
from core.conversation.requests import Language
from core.domain.clock import HOUR_MS, MINUTE_MS, Clock, Instant, from_datetime, istanbul
from core.domain.tokens import PLACE
from core.outbox import outbox
from core.outbox.outbox import OutboxClass
from core.registry.citizens import Citizens
from core.registry.notices import Notice, notice_of
from core.store.queries.notices import DUE_NOTICES, QUEUED_NOTICES, SET_NOTICE, UNSENT_NOTICES
from core.store.transaction import Transaction

QUEUED_MAX: Final = 1000
LIFE_MS: Final = 72 * HOUR_MS
ALARM_MS: Final = 2 * HOUR_MS
"""So long before a day ends, a notice of that day which is unsent is an alarm (Yönetmelik m.7: the same day)."""
IMPORT_PATIENCE_MS: Final = MINUTE_MS
"""An import that goes on for longer is not waited for: its types so far are announced."""

MailTexts = Callable[[ApprovalNotice, Language], str]


class Notifier(NamedTuple):
    """The maker of messages from notices. `public_url` is where the link pages are reached; `mail_texts` is None where
    no mail can be sent."""

    clock: Clock
    find_brand: Callable[[str], Brand | None]
    texts: Texts
    mail_texts: MailTexts | None
    public_url: str

    def queue(self, transaction: Transaction) -> int:
        """An errand, each second: as many due notices as the outbox has room for; how many were queued. Those by mail
        wait where no mail can be sent."""
        ranks = [OutboxClass.NOTICE] if self.mail_texts is None else [OutboxClass.NOTICE, OutboxClass.MAIL]
        return sum(self._queue(transaction, rank) for rank in ranks)

    def _queue(self, transaction: Transaction, rank: OutboxClass) -> int:
        now = self.clock()
        room = QUEUED_MAX - self._queued(transaction, rank)
        if room <= 0:
            return 0
        before = now - IMPORT_PATIENCE_MS
        due = transaction.rows(DUE_NOTICES, of_class=rank._value_, now=now, entered_before=before, limit=room)
        # A brand that this process has not read yet: its notices wait until it has.
        notices = [one for one in map(notice_of, due) if self.find_brand(one.brand_code)]
        if not notices:
            return 0
        pairs = [(one.recipient, one.brand_code) for one in notices]
        citizens = Citizens(transaction, pairs, [one.recipient for one in notices])
        messages, states = [], []
        for notice in notices:
            row = self._message(notice, citizens, now)
            states.append(("dropped" if row is None else "queued", notice.id))
            if row is not None:
                messages.append(row)
        outbox.put(transaction, messages)
        transaction.run_many(SET_NOTICE, states)
        return len(messages)

    def _queued(self, transaction: Transaction, rank: OutboxClass) -> int:
        [(count,)] = transaction.rows(QUEUED_NOTICES, of_class=rank._value_, limit=QUEUED_MAX)
        return int(count)

    def _message(self, notice: Notice, citizens: Citizens, now: Instant) -> tuple[object, ...] | None:
        """The outbox row; None where there is nothing to tell any more: the permission ended since, the brand or the
        line was closed. Nobody is mailed for an end."""
        brand = self.find_brand(notice.brand_code)
        conversation = citizens.conversation(notice.recipient)
        assert brand is not None, "others wait"
        if brand.closed or (conversation.subscribed_at or 0) >= notice.entered_at:
            return None
        if notice.kind == "ended":
            if notice.rank is OutboxClass.MAIL:
                return None
            ended = ConsentEnded(brand, notice.types, notice.consent_at, now)
            return self._row(notice, self.texts(ended, conversation.language), now)
        standing = citizens.standing((notice.recipient, notice.brand_code))
        types = tuple([kind for kind in notice.types if standing.is_allowed(kind)])
        if not types:
            return None
        told = ApprovalNotice(brand, types, notice.entered_at, f"{self.public_url}{PLACE}", notice.kind == "again")
        if notice.rank is not OutboxClass.MAIL:
            return self._row(notice, self.texts(told, conversation.language), now)
        assert self.mail_texts is not None, "notices by mail wait where no mail can be sent"
        return self._row(notice, self.mail_texts(told, conversation.language), now)

    def _row(self, notice: Notice, text: str, now: Instant) -> tuple[object, ...]:
        return outbox.row(notice.id, None, notice.recipient, text, "", now, notice.rank, LIFE_MS)


def overdue(transaction: Transaction, now: Instant) -> int:
    """The number of unsent notices of days that have ended, or end within `ALARM_MS`."""
    soon = istanbul(Instant(now + ALARM_MS))
    before = from_datetime(soon.replace(hour=0, minute=0, second=0, microsecond=0))
    [(count,)] = transaction.rows(UNSENT_NOTICES, before=before, from_class=OutboxClass.NOTICE._value_)
    return int(count)

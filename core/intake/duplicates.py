"""Messages that the network brings again: each is stored as a repeat of its original, and neither acts nor answers.

A repeat is known by the network's own id of the message; or because its original's acknowledgement was lost with a
connection (`core.outbox.connections`), each such one once; or by coming within `dedupe_s` while nothing happened in
between.
"""

from collections.abc import Sequence

import orjson

from core.conversation.conversation import Conversation, Last
from core.conversation.requests import Digits, Door, Request
from core.domain.clock import Instant
from core.domain.rules import Rules
from core.store.queries.connections import ADD_REDELIVERY, DROP_REDELIVERY, REDELIVERIES_OF
from core.store.transaction import Transaction


class Duplicates:
    """The repeats of one batch."""

    def __init__(self, transaction: Transaction, requests: Sequence[Request], rules: Rules, now: Instant) -> None:
        self._transaction = transaction
        self._rules = rules
        self._now = now
        self._redeliveries = self._read({r.recipient.reveal() for r in requests if r.recipient})

    def original(self, request: Request, conversation: Conversation) -> int | None:
        """The request of which this one is a repeat; `conversation` is its citizen's."""
        if request.recipient is None:
            return None
        return self._redelivered(request, request.recipient.reveal()) or self._repeated(request, conversation)

    def remember(
        self, request: Request, request_id: int, conversation: Conversation, keys: Sequence[bytes], *, asked: bool
    ) -> Conversation:
        """The conversation that a message which is no repeat left, with what its repeats are known by: `keys`, its own
        or those of its parts. `asked`: it was answered with a question."""
        if request.recipient is not None and request.is_named:
            recipient, life_ms = request.recipient.reveal(), max(self._rules.redelivery_ms, self._rules.dedupe_ms)
            self._transaction.run_many(ADD_REDELIVERY, [(recipient, request_id, request.key, self._now + life_ms)])
            self._redeliveries.setdefault((recipient, request.key), []).append(request_id)
        if not self._rules.dedupe_ms:
            return conversation
        can_repeat = request.door is Door.SMS and not asked
        return conversation._replace(
            last=Last(tuple([key.hex() for key in keys]) if can_repeat else (), request_id, self._now)
        )

    def _redelivered(self, request: Request, recipient: str) -> int | None:
        open_ones = self._redeliveries.get((recipient, request.key))
        if not open_ones:
            return None
        if request.is_named:
            return open_ones[0]
        original = open_ones.pop(0)
        self._transaction.run(DROP_REDELIVERY, of_recipient=recipient, of_request=original)
        return original

    def _repeated(self, request: Request, conversation: Conversation) -> int | None:
        """Identical words right behind the first ones. Not where the first ones were answered with a question, or where
        they choose from a list: the same number again is what it says."""
        last = conversation.last
        if last is None or request.door is not Door.SMS or request.key.hex() not in last.keys:
            return None
        if abs(request.received_at - last.at) >= self._rules.dedupe_ms:  # a clock may have been set back
            return None
        if isinstance(request.intent, Digits) and any(question.is_numbered for question in conversation.questions):
            return None
        return last.request_id

    def _read(self, recipients: set[str]) -> dict[tuple[str, bytes], list[int]]:
        keys = orjson.dumps(list(recipients)).decode()
        found: dict[tuple[str, bytes], list[int]] = {}
        for recipient, request_id, key in self._transaction.rows(REDELIVERIES_OF, keys=keys, now=self._now):
            found.setdefault((recipient, key), []).append(request_id)
        return found

"""One transaction of the desk: read the citizens concerned, decide in arrival order, write everything."""

import hashlib
import os
from collections.abc import Callable, Sequence
from typing import NamedTuple, assert_never

import orjson
import structlog

from core import outbox
from core.answers import (
    Answer,
    BrandUnknown,
    EpostaElsewhere,
    NotUnderstoodAnswer,
    RetAnswer,
    SetAside,
    Silence,
    Texts,
)
from core.calendar import Calendar
from core.citizens import Citizens, Pair
from core.clock import Clock
from core.decide import Change, Decision, Standing, decide
from core.evidence import ledger_body
from core.ids import Ids
from core.ledger.book import Book
from core.ledger.chain import canonical, pseudonym
from core.receipts import draw
from core.requests import Piece, Request, Ret, Unreadable, Wish
from core.store.errors import StoreError
from core.store.queries import (
    ADD_OUTBOX,
    ADD_RAW,
    ADD_RECEIPT,
    ADD_REQUEST,
    DROP_REDELIVERY,
    DROP_SET,
    PIECES_OF_SET,
    PUT_PIECE,
    REDELIVERIES_OF,
    SET_DELIVERED,
)
from core.store.transaction import Transaction
from core.text import storable

_log = structlog.get_logger(component="desk")

_SALT_OCTETS = 16
_NOTHING = Standing({}, {})


class Tools(NamedTuple):
    """What every batch of one desk uses."""

    ids: Ids
    book: Book
    calendar: Calendar
    clock: Clock
    texts: Texts
    is_reserved: Callable[[str], bool]


class Outgoing(NamedTuple):
    """One request of the batch, decided: everything that will be written for it."""

    request_id: int
    answer: Answer | Silence
    changes: tuple[Change, ...] = ()
    text: str | None = None
    read: str | None = None
    repeat_of: int | None = None


class Batch:
    """Decides requests in order and writes their rows, in the database thread."""

    def __init__(self, tools: Tools, transaction: Transaction, requests: Sequence[Request], set_aside: bool) -> None:
        self._tools = tools
        self._transaction = transaction
        self._requests = requests
        self._set_aside = set_aside
        self._now = tools.clock()
        self._citizens = Citizens(transaction, () if set_aside else filter(None, map(_pair, requests)))
        self._redeliveries = self._read_redeliveries()

    def run(self, delivered: Sequence[tuple[int, int]]) -> list[Outgoing]:
        """Decide and write; `delivered` are (request, link) news of what was surely acknowledged."""
        outgoing = [self._take(request) for request in self._requests]
        self._citizens.write()
        self._write(outgoing)
        self._transaction.run_many(SET_DELIVERED, delivered)
        return outgoing

    def _take(self, request: Request) -> Outgoing:
        request_id = self._tools.ids.next()
        if (repeated := self._redelivered(request)) is not None:
            return Outgoing(request_id, Silence(), repeat_of=repeated)
        if self._set_aside or request.recipient is None:
            return self._put_aside(request, request_id)
        try:
            out = self._decide(request, request_id)
        except StoreError:
            raise  # the moment's fault or the writer's to sort out, not this message's alone
        except Exception as error:  # noqa: BLE001  # poison: one message must never stop the others
            _log.error("a message broke the decision and is set aside", error=type(error).__name__)
            return self._put_aside(request, request_id)
        self._citizens.apply(out.changes)
        return out

    def _decide(self, request: Request, request_id: int) -> Outgoing:
        said, read = request.said, request.text
        if isinstance(said, Piece):
            whole = self._join(request, said, request_id)
            if whole is None:
                return Outgoing(request_id, Silence())
            read, said = whole
        decision = self._decision(request, said)
        text = self._tools.texts(decision.answer)
        return Outgoing(request_id, decision.answer, decision.changes, text, read)

    def _decision(self, request: Request, said: Wish) -> Decision:
        assert request.recipient is not None, "checked by _take"
        standing = _NOTHING
        if isinstance(said, Ret):
            standing = self._citizens.standing((request.recipient.reveal(), said.brand.code))
        receipt = draw(self._tools.is_reserved) if isinstance(said, Ret | Unreadable) else ""
        return decide(request, said, standing, self._now, receipt, self._tools.calendar)

    def _put_aside(self, request: Request, request_id: int) -> Outgoing:
        answer = SetAside(draw(self._tools.is_reserved))
        return Outgoing(request_id, answer, text=self._tools.texts(answer) if request.recipient else None)

    def _redelivered(self, request: Request) -> int | None:
        """The request of which this one is a repeat, if a lost connection left one open."""
        if not self._redeliveries or request.recipient is None:
            return None
        recipient = request.recipient.reveal()
        open_ones = self._redeliveries.get((recipient, request.key))
        if not open_ones:
            return None
        repeated = open_ones.pop(0)
        self._transaction.run(DROP_REDELIVERY, of_recipient=recipient, of_request=repeated)
        return repeated

    def _read_redeliveries(self) -> dict[tuple[str, bytes], list[int]]:
        keys = orjson.dumps([r.recipient.reveal() for r in self._requests if r.recipient]).decode()
        found: dict[tuple[str, bytes], list[int]] = {}
        for recipient, request_id, key in self._transaction.rows(REDELIVERIES_OF, keys=keys, now=self._now):
            found.setdefault((recipient, key), []).append(request_id)
        return found

    def _join(self, request: Request, piece: Piece, request_id: int) -> tuple[str | None, Wish] | None:
        """Keep a part; the whole text and its wish once all parts are there."""
        assert request.recipient is not None, "checked by _take"
        of_set = {
            "recipient": request.recipient.reveal(),
            "origin": request.origin,
            "destination": request.destination,
            "reference": piece.reference,
            "total": piece.total,
        }
        row = (*of_set.values(), piece.number, piece.octets, request_id, request.received_at)
        self._transaction.run_many(PUT_PIECE, [row])
        together = self._transaction.rows(PIECES_OF_SET, **of_set)
        if len(together) < piece.total:
            return None
        self._transaction.run(DROP_SET, **of_set)
        return piece.join([octets for _, octets, _ in together])

    def _write(self, outgoing: Sequence[Outgoing]) -> None:
        requests, raws, receipts, messages = [], [], [], []
        bodies: list[str] = []
        tools, now = self._tools, self._now
        for request, out in zip(self._requests, outgoing, strict=True):
            recipient = request.recipient.reveal() if request.recipient else None
            raw_hash = hashlib.sha256(request.raw).digest()
            receipt: str | None = getattr(out.answer, "receipt", None)
            entry = salt = None
            if receipt is not None:
                entry, salt = tools.book.next_entry + len(bodies), os.urandom(_SALT_OCTETS)
                body = ledger_body(
                    receipt=receipt,
                    door=request.door,
                    recipient=pseudonym(recipient, salt) if recipient else None,
                    raw_hash=raw_hash,
                    received_at=request.received_at,
                    decided_at=now,
                    changes=out.changes,
                )
                bodies.append(canonical(body))
                receipts.append((receipt, out.request_id))
            outcome = outcome_of(out)
            requests.append(
                (
                    out.request_id,
                    recipient,
                    request.door._value_,
                    request.origin,
                    request.link,
                    request.key,
                    request.received_at,
                    now,
                    now,
                    None,
                    outcome,
                    receipt,
                    entry,
                    salt,
                    raw_hash,
                    out.repeat_of,
                    "open" if outcome == "set-aside" else None,
                )
            )
            raws.append((out.request_id, request.raw, None if out.read is None else storable(out.read)))
            if out.text is not None and recipient is not None:
                messages.append(outbox.row(tools.ids.next(), out.request_id, recipient, out.text, request.origin, now))
        self._transaction.run_many(ADD_REQUEST, requests)
        self._transaction.run_many(ADD_RAW, raws)
        self._transaction.run_many(ADD_RECEIPT, receipts)
        tools.book.append(self._transaction, bodies)
        self._transaction.run_many(ADD_OUTBOX, messages)


def _pair(request: Request) -> Pair | None:
    if isinstance(request.said, Ret) and request.recipient:
        return request.recipient.reveal(), request.said.brand.code
    return None


def outcome_of(out: Outgoing) -> str:
    """The word that the request's row and the metrics carry."""
    match out.answer:
        case RetAnswer():
            return "ret"
        case EpostaElsewhere():
            return "eposta"
        case BrandUnknown():
            return "brand-unknown"
        case NotUnderstoodAnswer():
            return "not-understood"
        case SetAside():
            return "set-aside"
        case Silence():
            return "piece" if out.repeat_of is None else "repeat"
        case _:
            assert_never(out.answer)

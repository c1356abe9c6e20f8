"""One transaction of the desk: read the citizens concerned, decide in arrival order, write everything."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import structlog

from core.brands.brand import Brand
from core.conversation.answers import (
    Answer,
    BrandClosed,
    BrandMeant,
    ComplaintQuestion,
    LineClosed,
    ListPage,
    NothingOpen,
    OnayQuestion,
    OneOnRecord,
    ProofCode,
    RetAllQuestion,
    RetSeveral,
    SetAside,
    Silence,
    Texts,
    TooLate,
    Unspoken,
    WhichBrand,
    WrongCode,
)
from core.conversation.consent_state import Change
from core.conversation.conversation import NEW, Conversation
from core.conversation.decisions.decide import brands_needed, decide
from core.conversation.decisions.scene import Decision, NewReport, Past, Proof, Report, Scene
from core.conversation.outcomes import OUTCOMES
from core.conversation.requests import AskCode, Digits, Door, DurumOf, ExpiredSet, Onay, Request, Segment, Unreadable
from core.conversation.unanswered import Unanswered
from core.domain.calendar import Calendar
from core.domain.clock import Clock
from core.domain.codes import draw_code
from core.domain.ids import Ids
from core.domain.receipts import draw
from core.domain.recipients import Msisdn
from core.domain.rules import Rules
from core.domain.text import storable
from core.intake.concat import WholeMessage, drop_set, take_expired_set, take_segment
from core.intake.duplicates import Duplicates
from core.intake.reply_quota import ReplyQuota
from core.ledger.book import Book
from core.ledger.chain import canonical, pseudonym
from core.ledger.evidence import ledger_body
from core.outbox import outbox
from core.outbox.outbox import OutboxClass
from core.registry.citizens import Citizens, Pair
from core.registry.receipt_lookup import look_up_receipt
from core.store.errors import StoreError
from core.store.queries.connections import SET_DELIVERED
from core.store.queries.evidence import ADD_RAW, ADD_RECEIPT, ADD_REQUEST
from core.store.queries.notices import DROP_NOTICES_OF
from core.store.queries.outbox import DEAD_LETTER_ALL_OF
from core.store.queries.reports import ADD_COMPLAINT, ADD_COMPLAINT_TEXT, CONFIRM_COMPLAINT
from core.store.queries.segments import DROP_SEGMENTS_OF
from core.store.transaction import Transaction

_log = structlog.get_logger(component="desk")

_SALT_OCTETS = 16
_REPEAT = Silence(Unanswered.REPEAT)
_HEARD = (BrandClosed, NothingOpen, TooLate, WrongCode)
_QUESTIONS = (ProofCode, OnayQuestion, ListPage, WhichBrand, OneOnRecord, BrandMeant, RetAllQuestion, ComplaintQuestion)


class Tools(NamedTuple):
    """The tools that every batch of one desk uses."""

    ids: Ids
    book: Book
    calendar: Calendar
    clock: Clock
    texts: Texts
    is_reserved: Callable[[str], bool]
    find_brand: Callable[[str], Brand | None]
    rules: Rules
    reply_quota: ReplyQuota


class Outgoing(NamedTuple):
    """One request of the batch, decided: everything that will be written for it. `receipt` is that of its own act;
    `part_keys` are those of the parts that it completes; `silence` is why no answer to it goes out. `is_first`: nothing
    was ever heard from the number before."""

    request_id: int
    answer: Answer | Unspoken
    changes: tuple[Change, ...] = ()
    conversation: Conversation | None = None
    report: NewReport | Proof | None = None
    text: str | None = None
    read: str | None = None
    receipt: str | None = None
    silence: Unanswered | None = None
    repeat_of: int | None = None
    part_keys: tuple[bytes, ...] = ()
    is_first: bool = False


def lock_citizens(transaction: Transaction, requests: Iterable[Request]) -> None:
    """Wait for whoever else decides for one of them."""
    transaction.lock(request.recipient.reveal() for request in requests if request.recipient)


class Batch:
    """Decides requests in order and writes their rows, in the database thread, once their citizens are locked."""

    def __init__(self, tools: Tools, transaction: Transaction, requests: Sequence[Request], set_aside: bool) -> None:
        self._tools = tools
        self._transaction = transaction
        self._requests = requests
        self._set_aside = set_aside
        self._now = tools.clock()
        known = () if set_aside else [request for request in requests if request.recipient is not None]
        self._citizens = Citizens(
            transaction,
            [pair for request in known for pair in _pairs(request)],
            [request.recipient.reveal() for request in known if request.recipient],
        )
        self._duplicates = Duplicates(transaction, requests, tools.rules, self._now)

    def run(self, delivered: Sequence[tuple[int, int]]) -> list[Outgoing]:
        """Decide and write; `delivered` are (request, connection) news of what was surely acknowledged."""
        outgoing = [self._take(request) for request in self._requests]
        self._citizens.write(self._now)
        self._write(outgoing)
        self._write_reports(outgoing)
        self._transaction.run_many(SET_DELIVERED, delivered)
        return outgoing

    def _take(self, request: Request) -> Outgoing:
        request_id = self._tools.ids.next()
        recipient = None if request.recipient is None else request.recipient.reveal()
        conversation = NEW if recipient is None else self._citizens.conversation(recipient)
        if (original := self._duplicates.original(request, conversation)) is not None:
            return Outgoing(request_id, _REPEAT, repeat_of=original, silence=_REPEAT.why)
        if self._set_aside or recipient is None:
            return self._put_aside(request, request_id)
        try:
            out = self._decide(request, request_id, recipient)
        except StoreError:
            raise  # the moment's fault or the writer's to sort out, not this message's alone
        except Exception as error:  # noqa: BLE001  # poison: one message must never stop the others
            _log.error("a message broke the decision and is set aside", error=type(error).__name__)
            out = self._put_aside(request, request_id)
        is_new = conversation is NEW
        self._citizens.apply(out.changes)
        keys, asked = out.part_keys or (request.key,), _asks(out.answer)
        conversation = self._duplicates.remember(
            request, request_id, out.conversation or conversation, keys, asked=asked
        )
        self._citizens.keep(recipient, conversation)
        # A number that no conversation is kept of would be new each time.
        return out._replace(is_first=True) if is_new and conversation != NEW else out

    def _decide(self, request: Request, request_id: int, recipient: str) -> Outgoing:
        intent, read, language = request.intent, request.text, request.language
        part_keys: tuple[bytes, ...] = ()
        if isinstance(intent, Segment | ExpiredSet):
            whole = self._whole(request, intent, request_id)
            if whole is None:
                awaited = Unanswered.SEGMENT if isinstance(intent, Segment) else Unanswered.SET_ENDED
                return Outgoing(request_id, Silence(awaited), silence=awaited)
            (read, intent, language), part_keys = whole
        conversation = self._citizens.conversation(recipient)
        if language is not None:
            conversation = conversation._replace(language=language)
        tools = self._tools
        scene = Scene(
            request=request,
            intent=intent,
            text=read or "",
            conversation=conversation,
            standings=self._citizens.standings(recipient, brands_needed(intent)),
            find_brand=tools.find_brand,
            now=self._now,
            receipt=draw(tools.is_reserved),
            code=draw_code(tools.is_reserved) if isinstance(intent, Onay | Digits | AskCode) else "",
            calendar=tools.calendar,
            rules=tools.rules,
            found=self._found(intent, recipient, conversation) if isinstance(intent, DurumOf) else None,
        )
        return self._outgoing(request_id, scene, decide(scene))._replace(part_keys=part_keys)

    def _whole(self, request: Request, intent: Segment | ExpiredSet, request_id: int) -> WholeMessage | None:
        if isinstance(intent, ExpiredSet):
            return take_expired_set(self._transaction, request, intent)
        return take_segment(self._transaction, request, intent, request_id)

    def _outgoing(self, request_id: int, scene: Scene, decision: Decision) -> Outgoing:
        answer, conversation = decision.answer, decision.conversation
        # Nothing is sent on the strength of a link: its page is the answer, and a code goes to the number typed.
        speaks, silence = isinstance(answer, ProofCode), None
        if _is_texted(scene.request, answer):
            silence, conversation = self._tools.reply_quota.admit(
                scene.recipient, answer, scene.conversation, conversation, self._now, self._transaction.undo
            )
            speaks = silence is None
        elif scene.request.door is Door.SMS:
            silence = Unanswered.BROKEN
        text = None
        if speaks and not isinstance(answer, Unspoken):
            text = self._tools.texts(answer, conversation.language)
        receipt = scene.receipt if getattr(answer, "receipt", None) == scene.receipt else None
        read = scene.text if scene.request.text is None else scene.request.text
        return Outgoing(
            request_id, answer, decision.changes, conversation, decision.report, text, read or None, receipt, silence
        )

    def _found(self, intent: DurumOf, recipient: str, conversation: Conversation) -> Past | Report | None:
        return look_up_receipt(self._transaction, intent.receipt, recipient, conversation.subscribed_at)

    def _put_aside(self, request: Request, request_id: int) -> Outgoing:
        if isinstance(request.intent, ExpiredSet):
            drop_set(self._transaction, request, request.intent)  # else it would be found and set aside each second
        receipt = draw(self._tools.is_reserved)
        answer = SetAside(receipt)
        text = silence = None
        if request.recipient is None:
            silence = Unanswered.NO_NUMBER
        elif _is_texted(request, answer):
            text = self._tools.texts(answer, self._citizens.conversation(request.recipient.reveal()).language)
        elif request.door is Door.SMS:
            silence = Unanswered.BROKEN
        return Outgoing(request_id, answer, text=text, receipt=receipt, silence=silence)

    def _write(self, outgoing: Sequence[Outgoing]) -> None:
        requests, raws, receipts, messages = [], [], [], []
        bodies: list[str] = []
        tools, now = self._tools, self._now
        for request, out in zip(self._requests, outgoing, strict=True):
            recipient = request.recipient.reveal() if request.recipient else ""
            raw_hash = hashlib.sha256(request.raw).digest()
            entry = salt = None
            if out.receipt is not None:
                entry, salt = tools.book.next_entry + len(bodies), os.urandom(_SALT_OCTETS)
                body = ledger_body(
                    receipt=out.receipt,
                    door=request.door,
                    recipient=pseudonym(recipient, salt) if recipient else None,
                    raw_hash=raw_hash,
                    received_at=request.received_at,
                    decided_at=now,
                    changes=out.changes,
                )
                bodies.append(canonical(body))
                receipts.append((out.receipt, recipient, out.request_id))
            outcome = outcome_of(out)
            requests.append(
                (
                    out.request_id,
                    recipient,
                    request.door._value_,
                    request.origin,
                    request.connection,
                    request.key,
                    request.received_at,
                    now,
                    now,
                    None,
                    outcome,
                    out.receipt,
                    entry,
                    salt,
                    raw_hash,
                    out.repeat_of,
                    "open" if outcome == "set-aside" else None,
                    None if out.silence is None else out.silence._value_,
                )
            )
            raws.append((out.request_id, recipient, request.raw, None if out.read is None else storable(out.read)))
            if isinstance(out.answer, LineClosed):
                self._forget(recipient)
            if out.text is not None and recipient:
                messages.append(self._message(request, out, recipient, out.text))
        self._transaction.run_many(ADD_REQUEST, requests)
        self._transaction.run_many(ADD_RAW, raws)
        self._transaction.run_many(ADD_RECEIPT, receipts)
        tools.book.append(self._transaction, bodies)
        outbox.put(self._transaction, messages)

    def _message(self, request: Request, out: Outgoing, recipient: str, text: str) -> tuple[object, ...]:
        """The outbox row of an answer: an expired code or question is never sent."""
        rank, life_ms = OutboxClass.ANSWER, outbox.ANSWER_LIFE_MS
        if isinstance(out.answer, OnayQuestion | ProofCode):
            rank = OutboxClass.CODE
        if _asks(out.answer):
            assert out.conversation is not None, "what asks remembers its question"
            life_ms = min(life_ms, out.conversation.questions[-1].ends_at - self._now)
        row_id = self._tools.ids.next()
        source = storable(request.destination) if request.door is Door.SMS else ""
        return outbox.row(row_id, out.request_id, recipient, text, request.origin, self._now, rank, life_ms, source)

    def _write_reports(self, outgoing: Sequence[Outgoing]) -> None:
        transaction, now = self._transaction, self._now
        for request, out in zip(self._requests, outgoing, strict=True):
            match out.report:
                case NewReport(receipt, brand_code, name, is_proven):
                    assert request.recipient is not None, "only a number can report"
                    recipient, shown = request.recipient.reveal(), None if name is None else storable(name)
                    row = (
                        receipt,
                        recipient,
                        brand_code,
                        shown,
                        "open" if is_proven else "unconfirmed",
                        now,
                        now,
                        None,
                    )
                    transaction.run_many(ADD_COMPLAINT, [row])
                    if is_proven:
                        transaction.run_many(ADD_COMPLAINT_TEXT, [(receipt, out.request_id)])
                case Proof(receipt, is_evidence):
                    transaction.run(CONFIRM_COMPLAINT, of_receipt=receipt, at=now)
                    if is_evidence:
                        transaction.run_many(ADD_COMPLAINT_TEXT, [(receipt, out.request_id)])
                case None:
                    pass

    def _forget(self, recipient: str) -> None:
        """Messages to and parts from the former holder of a closed line: neither sent nor read any more."""
        self._transaction.run(DEAD_LETTER_ALL_OF, of_recipient=recipient, at=self._now)
        self._transaction.run(DROP_SEGMENTS_OF, of_recipient=recipient)
        self._transaction.run(DROP_NOTICES_OF, of_recipient=recipient)


def _pairs(request: Request) -> Iterator[Pair]:
    """The brands that this request surely needs, so that a batch reads them together."""
    if request.recipient and not isinstance(request.intent, Segment | ExpiredSet):
        for code in brands_needed(request.intent) or ():
            yield request.recipient.reveal(), code


def _is_texted(request: Request, answer: Answer | Unspoken) -> bool:
    """True if the answer is one to be told by SMS: not to a broken message, not on the strength of a link, and of a
    call only what its caller keeps, and only to numbers that take messages."""
    match request.door:
        case Door.SMS:
            return not (isinstance(request.intent, Unreadable) and request.intent.is_broken)
        case Door.CLERK:
            return True
        case Door.LINK:
            return False
        case Door.IVR:
            recipient = request.recipient
            return isinstance(recipient, Msisdn) and recipient.takes_messages and not isinstance(answer, _HEARD)


def _asks(answer: Answer | Unspoken) -> bool:
    return isinstance(answer, _QUESTIONS) or (isinstance(answer, RetSeveral) and answer.unclear is not None)


def outcome_of(out: Outgoing) -> str:
    """The word that the request's row and the metrics carry."""
    return OUTCOMES[type(out.answer)] if out.repeat_of is None else "repeat"

"""The desk behind the link pages: what they look up in the store, and what they hand to the desk."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, TypeVar

import orjson

from channels.link.port import Held, LinkDown, Offer, ReceiptState, ReportLine
from core.brands.brand import Brand
from core.conversation.answers import Answer as AnyAnswer
from core.conversation.answers import (
    ComplaintOpened,
    Proven,
    RetAnswer,
    RetSeveral,
    SetAside,
    State,
    Temporary,
    Unspoken,
)
from core.conversation.consent_state import ConsentState
from core.conversation.conversation import load
from core.conversation.decisions.scene import Past
from core.conversation.requests import (
    AskCode,
    BrandMention,
    Door,
    GiveCode,
    Intent,
    Report,
    Request,
    Ret,
    RetThese,
    Types,
)
from core.domain.clock import Clock, Instant
from core.domain.consent import ConsentType, Objection, Record, Source, Status
from core.domain.recipients import Email, Msisdn, Recipient, parse_recipient
from core.domain.tokens import token_hash
from core.intake.desk import Desk
from core.registry.citizens import objection_of, record_of
from core.registry.complaints import Complaint
from core.registry.notices import Notice, notice_of
from core.registry.receipt_lookup import look_up_receipt
from core.store.errors import StoreError
from core.store.looker import Looker
from core.store.queries.consents import (
    CONSENTS_OF,
    CONSENTS_OF_BRAND,
    CONVERSATIONS_OF,
    OBJECTIONS_OF,
    OBJECTIONS_OF_BRAND,
)
from core.store.queries.notices import NOTICE_OF_TOKEN
from core.store.queries.reports import COMPLAINTS_OF
from core.store.transaction import Transaction

T = TypeVar("T")

_TAIL_DIGITS = 2
_NEVER: Final = Instant(2**62)


class _Found(NamedTuple):
    notice: Notice
    held: tuple[Held, ...]


class LinkDesk:
    """Looks go to a reading connection, acts to the desk. A `LinkPort`."""

    def __init__(self, desk: Desk, looker: Looker, find_brand: Callable[[str], Brand | None], clock: Clock) -> None:
        self._desk = desk
        self._looker = looker
        self._find_brand = find_brand
        self._clock = clock

    async def offer(self, token: str) -> Offer | None:
        found = await self._find(token)
        if found is None:
            return None
        notice, held = found
        recipient = parse_recipient(notice.recipient)
        is_mail = isinstance(recipient, Email)
        tail = recipient.masked() if is_mail else notice.recipient[-_TAIL_DIGITS:]
        return Offer(self._brand(notice.brand_code), tail, notice.types, held, is_mail)

    async def refuse(self, token: str, types: Types, raw: bytes) -> RetAnswer | None:
        found = await self._find(token)
        if found is None:
            return None
        intent = Ret((BrandMention.of(self._brand(found.notice.brand_code)),), types)
        answer = await self._hand_in(parse_recipient(found.notice.recipient), intent, raw)
        assert isinstance(answer, RetAnswer), "one brand's refusal is answered for that brand"
        return answer

    async def send_code(self, number: Msisdn) -> None:
        await self._hand_in(number, AskCode(), b"")

    async def prove(self, number: Msisdn, code: str, raw: bytes) -> bool:
        return isinstance(await self._hand_in(number, GiveCode(code), raw), Proven)

    async def holdings(self, number: Msisdn) -> tuple[Held, ...]:
        recipient = number.reveal()

        def look(transaction: Transaction) -> tuple[Held, ...]:
            since = _subscribed_at(transaction, recipient)
            return tuple(self._held(_everything(transaction, recipient), since))

        return await self._look(look)

    async def refuse_held(
        self, number: Msisdn, chosen: tuple[tuple[str, ConsentType], ...], raw: bytes
    ) -> RetAnswer | RetSeveral:
        types: dict[str, list[ConsentType]] = {}
        for code, kind in chosen:
            types.setdefault(code, []).append(kind)
        intent = RetThese(tuple([(self._brand(code), tuple(kinds)) for code, kinds in types.items()]))
        answer = await self._hand_in(number, intent, raw)
        assert isinstance(answer, RetAnswer | RetSeveral), "what is picked is refused"
        return answer

    async def report(self, number: Msisdn, brand_code: str, text: str, raw: bytes) -> str:
        answer = await self._hand_in(number, Report(self._brand(brand_code)), raw, text)
        assert isinstance(answer, ComplaintOpened), "a proven report is taken"
        return answer.receipt

    async def reports(self, number: Msisdn) -> tuple[ReportLine, ...]:
        recipient = number.reveal()

        def look(transaction: Transaction) -> list[Complaint]:
            since = _subscribed_at(transaction, recipient)
            found = [Complaint(*row) for row in transaction.rows(COMPLAINTS_OF, recipient=recipient)]
            return [one for one in found if since is None or one.opened_at > since]

        return tuple(
            [
                ReportLine(
                    one.receipt,
                    one.state,
                    self._brand(one.brand_code) if one.brand_code else None,
                    one.name,
                    one.opened_at,
                    one.outcome,
                )
                for one in await self._look(look)
            ]
        )

    async def receipt(self, receipt: str) -> ReceiptState | None:
        found = await self._look(lambda transaction: look_up_receipt(transaction, receipt))
        if found is None:
            return None
        if isinstance(found, Past):
            return ReceiptState(receipt, found.what, found.acted_at)
        return ReceiptState(receipt, "report", found.opened_at)

    async def _find(self, token: str) -> _Found | None:
        now = self._clock()

        def look(transaction: Transaction) -> _Found | None:
            rows = transaction.rows(NOTICE_OF_TOKEN, of_hash=token_hash(token), now=now)
            if not rows:
                return None
            notice = notice_of(rows[0])
            since = _subscribed_at(transaction, notice.recipient)
            if since is not None and notice.entered_at <= since:
                return None
            keys = orjson.dumps([(notice.recipient, notice.brand_code)]).decode()
            held: list[Record | Objection] = [*map(record_of, transaction.rows(CONSENTS_OF_BRAND, keys=keys))]
            held += map(objection_of, transaction.rows(OBJECTIONS_OF_BRAND, keys=keys))
            return _Found(notice, tuple(self._held(held, since)))

        return await self._look(look)

    def _held(self, rows: list[Record | Objection], since: Instant | None) -> Iterator[Held]:
        """A line for each brand and type: for a citizen a private person's and a merchant's record are one. What ended
        with the line of who had the number before is nobody else's to see."""
        standings: dict[str, ConsentState] = {}
        for row in rows:
            if since is not None and isinstance(row, Record) and _ended_at(row) <= since:
                continue
            records, objections = standings.setdefault(row.brand_code, ConsentState({}, {}))
            if isinstance(row, Record):
                records[row.type, row.recipient_type] = row
            else:
                objections[row.type] = row
        for code, standing in standings.items():
            for kind in ConsentType:
                if (line := _line(standing, kind)) is not None:
                    yield Held(self._brand(code), kind, *line)

    async def _hand_in(
        self, recipient: Recipient, intent: Intent, raw: bytes, text: str | None = None
    ) -> AnyAnswer | Unspoken:
        outcome = await self._desk.handle(Request(Door.LINK, recipient, intent, text, raw, b"", self._clock()))
        if isinstance(outcome, Temporary):
            raise LinkDown(outcome.reason)
        if isinstance(outcome.answer, SetAside):
            raise LinkDown("set aside for a person")
        return outcome.answer

    async def _look(self, work: Callable[[Transaction], T]) -> T:
        try:
            return await self._looker.look(work)
        except StoreError as error:
            raise LinkDown(str(error)) from error

    def _brand(self, code: str) -> Brand:
        return self._find_brand(code) or Brand(code, code)


def _everything(transaction: Transaction, recipient: str) -> list[Record | Objection]:
    rows: list[Record | Objection] = [*map(record_of, transaction.rows(CONSENTS_OF, recipient=recipient))]
    return [*rows, *map(objection_of, transaction.rows(OBJECTIONS_OF, recipient=recipient))]


def _line(standing: ConsentState, kind: ConsentType) -> tuple[State, Instant, Source, str | None] | None:
    records = standing.of_type(kind)
    if records:
        status = Status.ONAY if standing.is_allowed(kind) else Status.RET
        newest = max([r for r in records if r.status is status], key=lambda record: record.consent_at)
        state: State = "allowed" if status is Status.ONAY else "refused"
        return state, newest.consent_at, newest.source, newest.receipt
    if objection := standing.objections.get(kind):
        return "objection", objection.at, objection.source, objection.receipt
    return None


def _ended_at(record: Record) -> Instant:
    """When it was last refused or ended; after all time while it stands."""
    return _NEVER if record.status is Status.ONAY else max(record.consent_at, record.refused_at or record.consent_at)


def _subscribed_at(transaction: Transaction, recipient: str) -> Instant | None:
    rows = transaction.rows(CONVERSATIONS_OF, keys=orjson.dumps([recipient]).decode())
    return load(rows[0][1]).subscribed_at if rows else None

"""Every statement of the store, written once in SQLAlchemy Core, and compiled once for each database.

One JSON array stands in for a list of keys, so that a batch is one statement however large it is. How its elements are
reached (`_Elements`, `_Element`) is all that the two databases' SQL differs in by hand.
"""

from functools import cached_property
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    ClauseElement,
    Column,
    ColumnElement,
    Select,
    String,
    Table,
    and_,
    bindparam,
    case,
    column,
    delete,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from core.store.schema import (
    anchor,
    book,
    brand,
    complaint,
    complaint_text,
    consent,
    ledger,
    link,
    notice,
    objection,
    outbox,
    piece,
    raw,
    receipt,
    redelivery,
    taken,
    talk,
    token,
)
from core.store.schema import request as request_table


class Form(NamedTuple):
    """SQL with its positional parameters; `constants` are values that the statement itself brings."""

    sql: str
    parameters: tuple[str, ...]
    constants: dict[str, object]

    def bind(self, values: dict[str, object]) -> tuple[object, ...]:
        """The parameters in their order. Raises KeyError for a missing one."""
        return tuple(values[name] if name in values else self.constants[name] for name in self.parameters)


class Query:
    """A statement, in each database's own words. Rows for `run_many` are given in the order of `parameters`."""

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement

    @cached_property
    def sqlite(self) -> Form:
        return self._compiled(_SQLITE)

    @cached_property
    def postgresql(self) -> Form:
        return self._compiled(_POSTGRESQL)

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.sqlite.parameters))

    def _compiled(self, dialect: Dialect) -> Form:
        compiled = self._statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        names = tuple(compiled.positiontup or ())
        declared = {name for name, bind in compiled.binds.items() if bind.required}
        return Form(str(compiled), names, {n: v for n, v in compiled.params.items() if n not in declared})


_SQLITE: Final[Dialect] = sqlite.dialect(paramstyle="qmark")
_POSTGRESQL: Final[Dialect] = asyncpg.dialect()  # type: ignore[no-untyped-call]


class _Elements(FunctionElement[Any]):
    """The elements of a JSON array, as rows of one column `value`."""

    name = "elements"
    inherit_cache = True


@compiles(_Elements, "sqlite")
def _elements_sqlite(element: _Elements, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **kw)})"


@compiles(_Elements, "postgresql")
def _elements_postgresql(element: _Elements, compiler: SQLCompiler, **kw: Any) -> str:
    return f"jsonb_array_elements(CAST({compiler.process(element.clauses, **kw)} AS JSONB))"


class _Element(ColumnElement[str]):
    """The text of such an element; where it is an array itself, of its member at a position."""

    inherit_cache = True

    def __init__(self, value: ColumnElement[Any], position: int | None = None) -> None:
        self.value = value
        self.position = position
        self.type = String()


@compiles(_Element, "sqlite")
def _element_sqlite(element: _Element, compiler: SQLCompiler, **kw: Any) -> str:
    value = compiler.process(element.value, **kw)
    return value if element.position is None else f"json_extract({value}, '$[{element.position}]')"


@compiles(_Element, "postgresql")
def _element_postgresql(element: _Element, compiler: SQLCompiler, **kw: Any) -> str:
    value = compiler.process(element.value, **kw)
    return f"({value} #>> '{{}}')" if element.position is None else f"({value} ->> {element.position})"


def _insert(table: Table) -> Query:
    return Query(insert(table))


def _replace(table: Table) -> Query:
    """Insert a whole row, or overwrite the one with the same primary key."""
    statement = upsert(table)
    keys = [column.name for column in table.primary_key]
    rest = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
    return Query(statement.on_conflict_do_update(index_elements=keys, set_=rest))


_each = _Elements(bindparam("keys", type_=String())).table_valued(column("value", String()))
_pairs = _each.alias("pair")


def _of_pairs(table: Table) -> ColumnElement[bool]:
    recipient, brand_code = _Element(_pairs.c.value, 0), _Element(_pairs.c.value, 1)
    return and_(table.c.recipient == recipient, table.c.brand_code == brand_code)


def _of_brand(table: Table) -> Query:
    """Rows of (recipient, brand code) pairs. Parameters: a JSON array of pairs."""
    return Query(select(*table.c).select_from(_pairs.join(table, _of_pairs(table))))


def _keys() -> Select[Any]:
    return select(_Element(_each.c.value)).select_from(_each)


def _in_keys(column: Column[str]) -> ColumnElement[bool]:
    return column.in_(_keys())


# Consents and objections.
CONSENTS_OF_BRAND: Final = _of_brand(consent)
OBJECTIONS_OF_BRAND: Final = _of_brand(objection)
CONSENTS_OF: Final = Query(select(*consent.c).where(consent.c.recipient == bindparam("recipient")))
OBJECTIONS_OF: Final = Query(select(*objection.c).where(objection.c.recipient == bindparam("recipient")))
PUT_CONSENT: Final = _replace(consent)
PUT_OBJECTION: Final = _replace(objection)
DROP_OBJECTION: Final = Query(
    delete(objection).where(
        objection.c.recipient == bindparam("of_recipient"),
        objection.c.brand_code == bindparam("of_brand"),
        objection.c.type == bindparam("of_type"),
    )
)

# Conversations.
TALKS_OF: Final = Query(select(talk.c.recipient, talk.c.state).where(_in_keys(talk.c.recipient)))
PUT_TALK: Final = _replace(talk)

# Reports.
ADD_COMPLAINT: Final = _insert(complaint)
ADD_COMPLAINT_TEXT: Final = _insert(complaint_text)
COMPLAINT: Final = Query(select(*complaint.c).where(complaint.c.receipt == bindparam("wanted")))
COMPLAINTS: Final = Query(select(*complaint.c).order_by(complaint.c.opened_at, complaint.c.receipt))
COMPLAINTS_OF: Final = Query(
    select(*complaint.c).where(complaint.c.recipient == bindparam("recipient")).order_by(complaint.c.opened_at.desc())
)
TEXTS_OF_COMPLAINT: Final = Query(
    select(request_table.c.received_at, raw.c.text)
    .join(complaint_text, complaint_text.c.request == request_table.c.id)
    .outerjoin(raw, raw.c.request == request_table.c.id)
    .where(complaint_text.c.receipt == bindparam("wanted"))
    .order_by(request_table.c.received_at, request_table.c.id)
)
CONFIRM_COMPLAINT: Final = Query(
    update(complaint)
    .where(complaint.c.receipt == bindparam("of_receipt"), complaint.c.state == literal_column("'unconfirmed'"))
    .values(state=literal_column("'open'"), changed_at=bindparam("at"))
)
SET_COMPLAINT: Final = Query(
    update(complaint)
    .where(complaint.c.receipt == bindparam("of_receipt"))
    .values(state=bindparam("new_state"), outcome=bindparam("given_outcome"), changed_at=bindparam("at"))
)

# Requests and their evidence.
ADD_REQUEST: Final = _insert(request_table)
ADD_RAW: Final = _insert(raw)
ADD_RECEIPT: Final = _insert(receipt)
REQUEST_OF_RECEIPT: Final = Query(
    select(*request_table.c, raw.c.octets, raw.c.text)
    .join(receipt, receipt.c.request == request_table.c.id)
    .outerjoin(raw, raw.c.request == request_table.c.id)
    .where(receipt.c.receipt == bindparam("wanted"))
)
ANSWERS_OF_REQUEST: Final = Query(
    select(outbox.c.text, outbox.c.state, outbox.c.settled_at)
    .where(outbox.c.request == bindparam("of_request"))
    .order_by(outbox.c.id)
)
_review = (
    select(
        request_table.c.id,
        request_table.c.receipt,
        request_table.c.recipient,
        request_table.c.door,
        request_table.c.origin,
        request_table.c.received_at,
        request_table.c.review,
        raw.c.text,
        raw.c.octets,
    )
    .select_from(request_table)
    .outerjoin(raw, raw.c.request == request_table.c.id)
)
OPEN_REVIEWS: Final = Query(
    _review.where(request_table.c.review == literal_column("'open'")).order_by(
        request_table.c.received_at, request_table.c.id
    )
)
REVIEW: Final = Query(_review.where(request_table.c.id == bindparam("wanted"), request_table.c.review.is_not(None)))
RESOLVE_REVIEW: Final = Query(
    update(request_table)
    .where(request_table.c.id == bindparam("of_id"), request_table.c.review == literal_column("'open'"))
    .values(review=literal_column("'resolved'"))
)
OLDEST_REVIEW: Final = Query(
    select(func.min(request_table.c.received_at)).where(request_table.c.review == literal_column("'open'"))
)

# Parts of long messages.
ADD_PIECE: Final = _insert(piece)
_piece_sets = and_(
    piece.c.recipient == bindparam("recipient"),
    piece.c.origin == bindparam("origin"),
    piece.c.destination == bindparam("destination"),
    piece.c.reference == bindparam("reference"),
    piece.c.total == bindparam("total"),
)
_piece_set = and_(_piece_sets, piece.c.first == bindparam("of_first"))
PIECES_OF_SETS: Final = Query(
    select(piece.c.first, piece.c.number, piece.c.octets, piece.c.key)
    .where(_piece_sets)
    .order_by(piece.c.first, piece.c.number)
)
PIECES_OF_SET: Final = Query(
    select(piece.c.number, piece.c.octets, piece.c.received_at, raw.c.octets)
    .outerjoin(raw, raw.c.request == piece.c.request)
    .where(_piece_set)
    .order_by(piece.c.number)
)
DROP_SET: Final = Query(delete(piece).where(_piece_set))
OVERDUE_SETS: Final = Query(
    select(
        *(piece.c.recipient, piece.c.origin, piece.c.destination, piece.c.reference, piece.c.total, piece.c.first),
    )
    .where(piece.c.received_at <= bindparam("before"), piece.c.request == piece.c.first)
    .order_by(piece.c.received_at)
    .limit(bindparam("limit"))
)
DROP_PIECES_OF: Final = Query(delete(piece).where(piece.c.recipient == bindparam("of_recipient")))

# Links and redelivery.
ADD_LINK: Final = _insert(link)
SET_DELIVERED: Final = Query(
    update(link).where(link.c.id == bindparam("of_link")).values(delivered_through=bindparam("through"))
)
CLOSE_LINK: Final = Query(
    update(link)
    .where(link.c.id == bindparam("of_link"), link.c.closed_at.is_(None))
    .values(closed_at=bindparam("closing_at"))
)
OPEN_LINKS: Final = Query(select(link.c.id, link.c.delivered_through).where(link.c.closed_at.is_(None)))
ADD_REDELIVERY: Final = _insert(redelivery)
# One of a message with a name of its own stands already.
ADD_REDELIVERIES: Final = Query(
    upsert(redelivery)
    .from_select(
        ["recipient", "request", "key", "expires_at"],
        select(
            request_table.c.recipient,
            request_table.c.id,
            request_table.c.key,
            request_table.c.received_at + bindparam("redelivery_ms"),
        ).where(
            request_table.c.id > bindparam("delivered_through"),
            request_table.c.id < bindparam("book_end"),
            request_table.c.link == bindparam("of_link"),
            request_table.c.recipient.is_not(None),
        ),
    )
    .on_conflict_do_nothing()
)
REDELIVERIES_OF: Final = Query(
    select(redelivery.c.recipient, redelivery.c.request, redelivery.c.key)
    .where(_in_keys(redelivery.c.recipient), redelivery.c.expires_at > bindparam("now"))
    .order_by(redelivery.c.request)
)
DROP_REDELIVERY: Final = Query(
    delete(redelivery).where(
        redelivery.c.recipient == bindparam("of_recipient"), redelivery.c.request == bindparam("of_request")
    )
)
DROP_EXPIRED_REDELIVERIES: Final = Query(delete(redelivery).where(redelivery.c.expires_at <= bindparam("now")))

# Outbox.
_ready = outbox.c.state == literal_column("'ready'")
_sent = outbox.c.state == literal_column("'sent'")
ADD_OUTBOX: Final = _insert(outbox)
_free = (
    select(outbox.c.id)
    .where(
        _ready,
        outbox.c["class"].between(bindparam("first_class"), bindparam("last_class")),
        outbox.c.origin.not_in(_keys()),
        outbox.c.not_before <= bindparam("due"),
        outbox.c.expires_at > bindparam("due"),
    )
    .order_by(outbox.c["class"], outbox.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)  # what another process leases at this moment is its own
    .cte("free")  # which PostgreSQL evaluates once: a subquery that locks could be run again and lock more
)
LEASE: Final = Query(
    update(outbox)
    .where(outbox.c.id.in_(select(_free.c.id)))
    .values(
        state=literal_column("'sent'"),
        attempts=outbox.c.attempts + literal_column("1"),
        lease_until=bindparam("lease"),
        sender=bindparam("by_sender"),
    )
    .returning(
        outbox.c.id, outbox.c.recipient, outbox.c.text, outbox.c.attempts, outbox.c.expires_at, outbox.c.unknowns
    )
)
# For many rows at once; the parameters in the order of `parameters`, which a test fixes.
ACCEPT: Final = Query(
    update(outbox)
    .where(outbox.c.id == bindparam("of_id"), _sent)
    .values(
        state=literal_column("'accepted'"),
        operator=bindparam("by_operator"),
        message_id=bindparam("given_id"),
        settled_at=bindparam("at"),
    )
)
RETRY: Final = Query(
    update(outbox)
    .where(outbox.c.id == bindparam("of_id"), _sent)
    .values(
        state=literal_column("'ready'"),
        attempts=outbox.c.attempts - bindparam("untried"),
        not_before=bindparam("due"),
        reason=bindparam("given_reason"),
    )
)
BURY: Final = Query(
    update(outbox)
    .where(outbox.c.id == bindparam("of_id"), _sent)
    .values(state=literal_column("'dead'"), reason=bindparam("given_reason"), settled_at=bindparam("at"))
)
# Ids grow with time: the first one is the oldest, but for a moment's difference between two processes.
OLDEST_READY: Final = Query(
    select(outbox.c.created_at)
    .where(_ready, outbox.c["class"] == bindparam("of_class"))
    .order_by(outbox.c.id)
    .limit(literal_column("1"))
)
OF_MESSAGE_ID: Final = Query(
    select(outbox.c.id, outbox.c.message_id, outbox.c.recipient, outbox.c.attempts)
    .where(outbox.c.operator == bindparam("of_operator"), _in_keys(outbox.c.message_id))
    .order_by(outbox.c.id.desc())
)
# What a delivery receipt says.
SETTLE: Final = Query(
    update(outbox)
    .where(outbox.c.id == bindparam("of_id"), outbox.c.state == literal_column("'accepted'"))
    .values(
        state=bindparam("new_state"),
        not_before=bindparam("due"),
        reason=bindparam("given_reason"),
        settled_at=bindparam("at"),
    )
)
# An unknown submit is sent again once; a second time it is given up.
_unknown = {
    "state": case(
        (outbox.c.unknowns == literal_column("0"), literal_column("'ready'")), else_=literal_column("'dead'")
    ),
    "unknowns": outbox.c.unknowns + literal_column("1"),
    "reason": literal_column("'unknown'"),
    "settled_at": case((outbox.c.unknowns == literal_column("0"), null()), else_=bindparam("at", type_=BigInteger())),
}
UNKNOWN: Final = Query(update(outbox).where(outbox.c.id == bindparam("of_id"), _sent).values(_unknown))
UNKNOWN_LAPSED: Final = Query(
    update(outbox).where(_sent, outbox.c.lease_until <= bindparam("at")).values(_unknown).returning(outbox.c.state)
)
LAPSE_SENDER: Final = Query(
    update(outbox).where(_sent, outbox.c.sender == bindparam("of_sender")).values(lease_until=literal_column("0"))
)
EXPIRE_OUTBOX: Final = Query(
    update(outbox)
    .where(_ready, outbox.c.expires_at <= bindparam("now"))
    .values(state=literal_column("'dead'"), reason=literal_column("'expired'"), settled_at=bindparam("now"))
)
BURY_ALL_OF: Final = Query(
    update(outbox)
    .where(_ready, outbox.c.recipient == bindparam("of_recipient"))
    .values(state=literal_column("'dead'"), reason=literal_column("'line closed'"), settled_at=bindparam("at"))
)

# Brands.
BRANDS_SINCE: Final = Query(select(*brand.c).where(brand.c.version > bindparam("seen")).order_by(brand.c.version))
BRAND_VERSION: Final = Query(select(func.coalesce(func.max(brand.c.version), literal_column("0"))))
PUT_BRAND: Final = _replace(brand)
CLOSE_BRAND: Final = Query(
    update(brand)
    .where(brand.c.code == bindparam("of_code"))
    .values(closed_at=bindparam("closing_at"), version=bindparam("new_version"))
)

# Ledger.
OPEN_BOOK: Final = Query(insert(book).values(opened_at=bindparam("opening_at")).returning(book.c.id))
UNSEALED_BOOKS: Final = Query(select(book.c.id).where(book.c.sealed_at.is_(None)).order_by(book.c.id))
SEAL_BOOK: Final = Query(
    update(book).where(book.c.id == bindparam("of_book"), book.c.sealed_at.is_(None)).values(sealed_at=bindparam("at"))
)
ADD_ENTRY: Final = _insert(ledger)
ENTRIES_AFTER: Final = Query(
    select(ledger.c.entry, ledger.c.hash, ledger.c.body)
    .where(ledger.c.book == bindparam("of_book"), ledger.c.entry > bindparam("after"))
    .order_by(ledger.c.entry)
    .limit(bindparam("limit"))
)
ENTRY: Final = Query(
    select(ledger.c.entry, ledger.c.hash, ledger.c.body).where(
        ledger.c.book == bindparam("of_book"), ledger.c.entry == bindparam("of_entry")
    )
)
LAST_ENTRY: Final = Query(
    select(ledger.c.entry, ledger.c.hash)
    .where(ledger.c.book == bindparam("of_book"))
    .order_by(ledger.c.entry.desc())
    .limit(literal_column("1"))
)
LATEST_ENTRIES: Final = Query(
    select(ledger.c.book, ledger.c.entry, ledger.c.body)
    .order_by(ledger.c.book.desc(), ledger.c.entry.desc())
    .limit(bindparam("limit"))
)
LEDGER_BOOKS: Final = Query(select(ledger.c.book).distinct().order_by(ledger.c.book))
ADD_ANCHOR: Final = _insert(anchor)
ANCHORS: Final = Query(select(*anchor.c).order_by(anchor.c.book, anchor.c.entry))

ANCHOR_OF: Final = Query(
    select(anchor.c.entry).where(anchor.c.book == bindparam("of_book"), anchor.c.entry == bindparam("of_entry"))
)

# Notices and their links.
_waiting = notice.c.state == literal_column("'waiting'")
PUT_NOTICE: Final = _replace(notice)
WAITING_NOTICES_OF: Final = Query(
    select(*notice.c)
    .select_from(_pairs.join(notice, and_(_of_pairs(notice), _waiting)))
    .with_for_update(of=notice)  # one that another process queues at this moment waits no more afterwards
)
DROP_NOTICES_OF: Final = Query(
    update(notice)
    .where(notice.c.recipient == bindparam("of_recipient"), _waiting)
    .values(state=literal_column("'dropped'"))
)
# Due ones whose import has ended, or goes on for so long that nobody waits for the rest of it.
DUE_NOTICES: Final = Query(
    select(*notice.c)
    .join(book, book.c.id == notice.c.book)
    .where(
        _waiting,
        notice.c["class"] == bindparam("of_class"),
        notice.c.due_at <= bindparam("now"),
        or_(book.c.sealed_at.is_not(None), notice.c.entered_at <= bindparam("entered_before")),
    )
    .order_by(notice.c.due_at)
    .limit(bindparam("limit"))
    .with_for_update(of=notice, skip_locked=True)
)
SET_NOTICE: Final = Query(update(notice).where(notice.c.id == bindparam("of_id")).values(state=bindparam("new_state")))
# Notices that a day's end finds unsent: those that wait, and those in the outbox that nobody took yet.
UNSENT_NOTICES: Final = Query(
    select(
        select(func.count())
        .select_from(notice)
        .where(_waiting, notice.c.entered_at < bindparam("before"))
        .scalar_subquery()
        + select(func.count())
        .select_from(outbox.join(notice, notice.c.id == outbox.c.id))
        .where(_ready, outbox.c["class"] >= bindparam("from_class"), notice.c.entered_at < bindparam("before"))
        .scalar_subquery()
    )
)
QUEUED_NOTICES: Final = Query(
    select(func.count()).select_from(
        select(outbox.c.id)
        .where(_ready, outbox.c["class"] == bindparam("of_class"))
        .limit(bindparam("limit"))
        .subquery()
    )
)
ADD_TOKEN: Final = _insert(token)
NOTICE_OF_TOKEN: Final = Query(
    select(*notice.c)
    .join(token, token.c.notice == notice.c.id)
    .where(token.c.hash == bindparam("of_hash"), token.c.ends_at > bindparam("now"))
)

# Imports.
ADD_TAKEN: Final = _insert(taken)
TAKEN_OF_BRAND: Final = _of_brand(taken)

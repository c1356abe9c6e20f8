"""Rows that are over, and their removal: a few at a time, in the order of a primary key, which every table has.

Where rows are removed by a span of keys, the span is that of a page read just before, so that a statement touches no
more rows than the page has.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    LargeBinary,
    String,
    and_,
    bindparam,
    delete,
    func,
    literal_column,
    not_,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.types import TypeEngine

from core.domain.ids import COUNT_BITS
from core.store.query import Query, in_keys, in_numbers, in_pairs
from core.store.schema import (
    complaint,
    complaint_text,
    connection,
    consent,
    conversation,
    import_log,
    ledger,
    notice,
    outbox,
    raw,
    receipt,
    redelivery,
    segment,
    token,
)
from core.store.schema import request as request_table

_BEFORE: Final = bindparam("before", type_=BigInteger())
_ONE: Final[ColumnElement[Any]] = literal_column("1")


def _keys(prefix: str, columns: tuple[Column[Any], ...]) -> ColumnElement[Any]:
    bound = [bindparam(f"{prefix}_{n}", type_=_kind(column)) for n, column in enumerate(columns)]
    return tuple_(*bound) if len(bound) > 1 else bound[0]


def _kind(column: Column[Any]) -> TypeEngine[Any]:
    for kind in (LargeBinary, BigInteger):
        if isinstance(column.type, kind):
            return kind()
    return String()


def _key(columns: tuple[Column[Any], ...]) -> ColumnElement[Any]:
    return tuple_(*columns) if len(columns) > 1 else columns[0]


def _page(*columns: Column[Any], also: tuple[Column[Any], ...] = ()) -> Query:
    """The next keys; parameters: `after_0` and so on, `limit`."""
    beyond = _key(columns) > _keys("after", columns)
    return Query(select(*columns, *also).where(beyond).order_by(*columns).limit(bindparam("limit")))


def _span(*columns: Column[Any]) -> ColumnElement[bool]:
    """Parameters: `after_0` and so on, the key before the page; `last_0` and so on, the page's last."""
    key = _key(columns)
    return and_(key > _keys("after", columns), key <= _keys("last", columns))


# What the network may bring again, and links.
REDELIVERIES_AFTER: Final = _page(redelivery.c.recipient, redelivery.c.request)
REMOVE_OLD_REDELIVERIES: Final = Query(
    delete(redelivery).where(_span(redelivery.c.recipient, redelivery.c.request), redelivery.c.expires_at <= _BEFORE)
)
CONNECTIONS_AFTER: Final = _page(connection.c.id)
REMOVE_OLD_CONNECTIONS: Final = Query(
    delete(connection).where(_span(connection.c.id), connection.c.closed_at <= _BEFORE)
)
TOKENS_AFTER: Final = _page(token.c.hash)
REMOVE_OLD_TOKENS: Final = Query(delete(token).where(_span(token.c.hash), token.c.ends_at <= _BEFORE))

# Codes that are sent in clear and have ended.
_ended_codes = (
    select(outbox.c.id)
    .where(outbox.c["class"] == literal_column("0"), outbox.c.text != literal_column("''"))
    .where(outbox.c.expires_at <= _BEFORE)
    .order_by(outbox.c.expires_at)
    .limit(bindparam("limit"))
    .cte("ended")
)
BLANK_CODES: Final = Query(
    update(outbox)
    .where(outbox.c.id.in_(select(_ended_codes.c.id)))
    .values(text=literal_column("''"))
    .returning(outbox.c.id)
)

# Conversations.
OLD_CONVERSATIONS_AFTER: Final = _page(conversation.c.recipient, also=(conversation.c.changed_at,))
REMOVE_CONVERSATIONS: Final = Query(delete(conversation).where(in_keys(conversation.c.recipient)))

# Messages. A report's evidence is what its citizen sent for it; a part waits for the others of its set.
_its_raw = and_(raw.c.recipient == request_table.c.recipient, raw.c.request == request_table.c.id)
# By the request's number alone: PostgreSQL orders the recipients of divided tables in another way than the rest, whose
# indexes it could not read by them. What waits for its other parts is little, and read once.
_part = request_table.c.id.in_(
    select(segment.c.request).where(segment.c.request > bindparam("after_0", type_=BigInteger()))
)
_evidence = (
    select(_ONE)
    .select_from(complaint.join(complaint_text, complaint_text.c.receipt == complaint.c.receipt))
    .where(complaint_text.c.request == request_table.c.id)
    .correlate(request_table)
)
_report = select(_ONE).where(complaint.c.receipt == request_table.c.receipt).correlate(request_table).exists()
_in_review = func.coalesce(request_table.c.review, literal_column("''")) == literal_column("'open'")

_next_raws = (
    select(raw.c.request, raw.c.recipient)
    .where(raw.c.request > bindparam("after_0", type_=BigInteger()))
    .order_by(raw.c.request)
    .limit(bindparam("limit"))
    .subquery()
)
RAWS_AFTER: Final = Query(
    select(_next_raws.c.request, request_table.c.decided_at)
    .join(
        request_table,
        and_(request_table.c.recipient == _next_raws.c.recipient, request_table.c.id == _next_raws.c.request),
    )
    .order_by(_next_raws.c.request)
)
REMOVE_ACTLESS: Final = Query(
    delete(request_table)
    .where(
        _span(request_table.c.id),
        request_table.c.receipt.is_(None),
        request_table.c.decided_at <= _BEFORE,
        not_(_part),
        not_(_evidence.exists()),
    )
    .returning(request_table.c.id)
)
_keeps_raw = (
    select(_ONE)
    .where(
        _its_raw,
        or_(
            request_table.c.decided_at > _BEFORE,
            _in_review,
            _part,
            _evidence.where(complaint.c.state != literal_column("'closed'")).exists(),
        ),
    )
    .correlate(raw)
    .exists()
)
REMOVE_OLD_RAWS: Final = Query(delete(raw).where(_span(raw.c.request), not_(_keeps_raw)))
REMOVE_OUTBOX_OF_REQUESTS: Final = Query(delete(outbox).where(in_numbers(outbox.c.request)))

# Proofs.
PROOFS_AFTER: Final = Query(
    select(
        *(request_table.c.id, request_table.c.recipient, request_table.c.decided_at, request_table.c.receipt),
        or_(_in_review, _part, _evidence.exists(), _report),
        ledger.c.body,
    )
    .select_from(request_table)
    .outerjoin(
        ledger,
        and_(
            ledger.c.book == request_table.c.id.op(">>")(literal_column(str(COUNT_BITS))),
            ledger.c.entry == request_table.c.entry,
        ),
    )
    .where(request_table.c.id > bindparam("after_0", type_=BigInteger()))
    .order_by(request_table.c.id)
    .limit(bindparam("limit"))
)
REMOVE_REQUESTS: Final = Query(delete(request_table).where(in_pairs(request_table.c.recipient, request_table.c.id)))
REMOVE_RAWS: Final = Query(delete(raw).where(in_pairs(raw.c.recipient, raw.c.request)))
REMOVE_RECEIPTS: Final = Query(delete(receipt).where(in_keys(receipt.c.receipt)))

# Reports.
REPORTS_AFTER: Final = _page(complaint.c.receipt)
_old_report = and_(complaint.c.state == literal_column("'closed'"), complaint.c.changed_at <= _BEFORE)
REMOVE_OLD_REPORT_TEXTS: Final = Query(
    delete(complaint_text).where(
        _span(complaint_text.c.receipt),
        select(_ONE)
        .where(complaint.c.receipt == complaint_text.c.receipt, _old_report)
        .correlate(complaint_text)
        .exists(),
    )
)
REMOVE_OLD_REPORTS: Final = Query(delete(complaint).where(_span(complaint.c.receipt), _old_report))

# Notices, and their rows in the outbox.
NOTICES_AFTER: Final = _page(notice.c.id, also=(notice.c.entered_at,))
_standing = or_(consent.c.status == literal_column("'ONAY'"), consent.c.consent_at > _BEFORE)
_announced = (
    select(_ONE)
    .where(
        consent.c.recipient == notice.c.recipient,
        consent.c.brand_code == notice.c.brand_code,
        notice.c.types.contains(consent.c.type),
        _standing,
    )
    .correlate(notice)
    .exists()
)
REMOVE_OLD_NOTICES: Final = Query(
    delete(notice)
    .where(
        _span(notice.c.id),
        notice.c.state != literal_column("'waiting'"),
        notice.c.entered_at <= bindparam("entered_before", type_=BigInteger()),
        not_(_announced),
    )
    .returning(notice.c.id)
)
REMOVE_OUTBOX: Final = Query(delete(outbox).where(in_numbers(outbox.c.id)))

# What imports took.
_TAKEN_KEY: Final = tuple(import_log.primary_key.columns)
IMPORT_LOG_AFTER: Final = _page(*_TAKEN_KEY)
_record = (
    select(_ONE)
    .where(
        consent.c.recipient == import_log.c.recipient,
        consent.c.brand_code == import_log.c.brand_code,
        consent.c.type == import_log.c.type,
        consent.c.recipient_type == import_log.c.recipient_type,
        _standing,
    )
    .correlate(import_log)
    .exists()
)
REMOVE_OLD_IMPORT_LOG: Final = Query(
    delete(import_log).where(
        _span(*_TAKEN_KEY), func.coalesce(import_log.c.created_at, import_log.c.consent_at) <= _BEFORE, not_(_record)
    )
)

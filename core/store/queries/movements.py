"""Movements of the registry within a span of time."""

from typing import Any, Final

from sqlalchemy import BigInteger as Big
from sqlalchemy import ColumnElement, and_, bindparam, literal_column, select

from core.domain.ids import COUNT_BITS
from core.store.query import Query
from core.store.schema import consent, import_log, ledger
from core.store.schema import request as request_table


def _within(moment: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(moment >= bindparam("start", type_=Big()), moment < bindparam("end", type_=Big()))


IMPORT_LOG_WITHIN: Final = Query(select(*import_log.c).where(_within(import_log.c.created_at)))
_columns_of_taken: Final = (consent.c[c.name] for c in import_log.c if c is not import_log.c.created_at)
STANDING_WITHIN: Final = Query(select(*_columns_of_taken, consent.c.imported_at).where(_within(consent.c.imported_at)))
ACTS_WITHIN: Final = Query(
    select(request_table.c.recipient, request_table.c.decided_at, ledger.c.book, ledger.c.entry, ledger.c.body)
    .select_from(request_table)
    .join(
        ledger,
        and_(
            ledger.c.book == request_table.c.id.op(">>")(literal_column(str(COUNT_BITS))),
            ledger.c.entry == request_table.c.entry,
        ),
    )
    .where(_within(request_table.c.decided_at))
)

"""Reports of citizens."""

from typing import Final

from sqlalchemy import and_, bindparam, literal_column, select, update

from core.store.queries.evidence import raw_of_request
from core.store.query import Query, insert_into
from core.store.schema import complaint, complaint_text, raw
from core.store.schema import request as request_table

ADD_COMPLAINT: Final = insert_into(complaint)
ADD_COMPLAINT_TEXT: Final = insert_into(complaint_text)
COMPLAINT: Final = Query(select(*complaint.c).where(complaint.c.receipt == bindparam("wanted")))
COMPLAINTS: Final = Query(select(*complaint.c).order_by(complaint.c.opened_at, complaint.c.receipt))
COMPLAINTS_OF: Final = Query(
    select(*complaint.c).where(complaint.c.recipient == bindparam("recipient")).order_by(complaint.c.opened_at.desc())
)
TEXTS_OF_COMPLAINT: Final = Query(
    select(request_table.c.received_at, raw.c.text)
    .select_from(complaint)
    .join(complaint_text, complaint_text.c.receipt == complaint.c.receipt)
    .join(
        request_table,
        and_(request_table.c.recipient == complaint.c.recipient, request_table.c.id == complaint_text.c.request),
    )
    .outerjoin(raw, raw_of_request)
    .where(complaint.c.receipt == bindparam("wanted"))
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

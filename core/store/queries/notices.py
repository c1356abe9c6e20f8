"""Notices and the links in them."""

from typing import Final

from sqlalchemy import bindparam, func, literal_column, or_, select, update

from core.store.queries.outbox import ready
from core.store.query import Query, among, insert_into, of_pairs, replace
from core.store.schema import book, notice, outbox, token

_waiting = notice.c.state == literal_column("'waiting'")
# The same for a few citizens, in words by which PostgreSQL cannot see that `notice_waiting` holds it (`outbox`).
_still_waiting = notice.c.state == select(literal_column("'waiting'")).scalar_subquery()
PUT_NOTICE: Final = replace(notice)
WAITING_NOTICES_OF: Final = Query(
    select(*notice.c)
    .where(among(notice.c.id, of_pairs(notice, notice.c.id)), _still_waiting)
    .with_for_update()  # one that another process queues at this moment waits no more afterwards
)
DROP_NOTICES_OF: Final = Query(
    update(notice)
    .where(notice.c.recipient == bindparam("of_recipient"), _still_waiting)
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
        or_(book.c.closed_at.is_not(None), notice.c.entered_at <= bindparam("entered_before")),
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
        .where(ready, outbox.c["class"] >= bindparam("from_class"), notice.c.entered_at < bindparam("before"))
        .scalar_subquery()
    )
)
QUEUED_NOTICES: Final = Query(
    select(func.count()).select_from(
        select(outbox.c.id)
        .where(ready, outbox.c["class"] == bindparam("of_class"))
        .limit(bindparam("limit"))
        .subquery()
    )
)
ADD_TOKEN: Final = insert_into(token)
NOTICE_OF_TOKEN: Final = Query(
    select(*notice.c)
    .join(token, token.c.notice == notice.c.id)
    .where(token.c.hash == bindparam("of_hash"), token.c.ends_at > bindparam("now"))
)

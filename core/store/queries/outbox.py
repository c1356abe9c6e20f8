"""Messages waiting to be sent."""

from typing import Final

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, case, literal_column, null, or_, select, update

from core.store.query import Query, among, in_keys, insert_into, keys
from core.store.schema import outbox

ready = outbox.c.state == literal_column("'ready'")
_sent = outbox.c.state == literal_column("'sent'")
# The same for one row, in words by which PostgreSQL cannot see that `outbox_sent` holds it: it would go through all
# that is in that index, and through what was until lately, rather than straight to the row.
_still_sent = outbox.c.state == select(literal_column("'sent'")).scalar_subquery()
ADD_OUTBOX: Final = insert_into(outbox)


def _swept(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Rows that nobody else is at: a sweep that waited for them could wait in a ring, and finds them next time."""
    return among(outbox.c.id, select(outbox.c.id).where(*conditions).with_for_update(skip_locked=True))


_free = (
    select(outbox.c.id)
    .where(
        ready,
        outbox.c["class"].between(bindparam("first_class"), bindparam("last_class")),
        outbox.c.origin.not_in(keys()),
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
    .where(among(outbox.c.id, select(_free.c.id)))
    .values(
        state=literal_column("'sent'"),
        attempts=outbox.c.attempts + literal_column("1"),
        lease_until=bindparam("lease"),
        sender=bindparam("by_sender"),
    )
    .returning(
        *(outbox.c.id, outbox.c.recipient, outbox.c.text, outbox.c.attempts, outbox.c.expires_at, outbox.c.unknowns),
        *(outbox.c.lease_until, outbox.c.source),
    )
)
# For many rows at once; the parameters in the order of `parameters`, which a test fixes. Only who sent a row last says
# what became of it: when a lease has run out, another process may have it in hand.
_in_hand = (outbox.c.id == bindparam("of_id"), _still_sent, outbox.c.sender == bindparam("of_sender"))
ACCEPT: Final = Query(
    update(outbox)
    .where(*_in_hand)
    .values(
        state=literal_column("'accepted'"),
        operator=bindparam("by_operator"),
        message_id=bindparam("given_id"),
        settled_at=bindparam("at"),
    )
)
RETRY: Final = Query(
    update(outbox)
    .where(*_in_hand)
    .values(
        state=literal_column("'ready'"),
        attempts=outbox.c.attempts - bindparam("untried"),
        not_before=bindparam("due"),
        reason=bindparam("given_reason"),
    )
)
DEAD_LETTER: Final = Query(
    update(outbox)
    .where(*_in_hand)
    .values(state=literal_column("'dead'"), reason=bindparam("given_reason"), settled_at=bindparam("at"))
)
# Ids grow with time: the first one is the oldest, but for a moment's difference between two processes. A range of one
# class, for then only `outbox_ready` has the order that is asked for, and not the primary key with all that was sent.
OLDEST_READY: Final = Query(
    select(outbox.c.created_at)
    .where(ready, outbox.c["class"].between(bindparam("of_class"), bindparam("of_class")))
    .order_by(outbox.c["class"], outbox.c.id)
    .limit(literal_column("1"))
)
OF_MESSAGE_ID: Final = Query(
    select(outbox.c.id, outbox.c.message_id, outbox.c.recipient, outbox.c.attempts)
    # In no order: PostgreSQL might take the whole table in it.
    .where(outbox.c.operator == bindparam("of_operator"), in_keys(outbox.c.message_id))
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
# Delivered after all, though an earlier receipt said otherwise, while the row has not left again.
DELIVER: Final = Query(
    update(outbox)
    .where(
        outbox.c.id == bindparam("of_id"),
        or_(
            outbox.c.state == literal_column("'accepted'"),
            and_(
                outbox.c.state.in_([literal_column("'ready'"), literal_column("'dead'")]),
                outbox.c.reason.like(literal_column("'receipt %'")),
            ),
        ),
    )
    .values(state=literal_column("'delivered'"), reason=bindparam("given_reason"), settled_at=bindparam("at"))
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
UNKNOWN: Final = Query(update(outbox).where(*_in_hand).values(_unknown))
UNKNOWN_LAPSED: Final = Query(
    update(outbox)
    .where(_swept(_sent, outbox.c.lease_until <= bindparam("at")))
    .values(_unknown)
    .returning(outbox.c.state)
)
# An unknown submit was answered after all, before the row left again.
ACCEPT_LATE: Final = Query(
    update(outbox)
    .where(
        outbox.c.id == bindparam("of_id"),
        outbox.c.state.in_([literal_column("'ready'"), literal_column("'dead'")]),
        outbox.c.reason == literal_column("'unknown'"),
        outbox.c.sender == bindparam("of_sender"),
    )
    .values(
        state=literal_column("'accepted'"),
        operator=bindparam("by_operator"),
        message_id=bindparam("given_id"),
        settled_at=bindparam("at"),
    )
)
LAPSE_SENDER: Final = Query(
    update(outbox).where(_sent, outbox.c.sender == bindparam("of_sender")).values(lease_until=literal_column("0"))
)
EXPIRE_OUTBOX: Final = Query(
    update(outbox)
    .where(_swept(ready, outbox.c.expires_at <= bindparam("now")))
    .values(state=literal_column("'dead'"), reason=literal_column("'expired'"), settled_at=bindparam("now"))
)
# A code is not sent again: it has ended, and a new one is asked for.
RESEND: Final = Query(
    update(outbox)
    .where(
        outbox.c.id == bindparam("of_id"),
        outbox.c.state == literal_column("'dead'"),
        outbox.c["class"] != literal_column("0"),
        outbox.c.text != literal_column("''"),
    )
    .values(
        state=literal_column("'ready'"),
        attempts=literal_column("0"),
        unknowns=literal_column("0"),
        not_before=literal_column("0"),
        expires_at=bindparam("until", type_=BigInteger()),
        reason=null(),
        settled_at=null(),
    )
)
DEAD_LETTER_ALL_OF: Final = Query(
    update(outbox)
    .where(ready, outbox.c.recipient == bindparam("of_recipient"))
    .values(state=literal_column("'dead'"), reason=literal_column("'line closed'"), settled_at=bindparam("at"))
)

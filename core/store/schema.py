"""The tables. All moments are milliseconds since 1970 in UTC (`core.domain.clock.Instant`).

Rows of `request`, `raw`, `ledger`, `anchor`, `seal` and `sealed_head` are only ever added; of a request only `review`
changes, and what is over of the first two goes (`core.retention`). Row numbers come from `core.domain.ids`.

On PostgreSQL the tables in `PARTITIONED` are divided by a hash of `recipient`, which then is part of every primary key.
Whatever is found without a recipient (by receipt, by a link's hash, by an operator's message id, as the next to be
sent) lies in a table of its own that is not divided, and gives the recipient by which to go on.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

metadata: Final = MetaData()

PARTITIONED: Final = ("consent", "import_log", "objection", "conversation", "request", "raw")
PARTITIONS: Final = 16

_Id: Final = BigInteger().with_variant(Integer(), "sqlite")
_Moment: Final = BigInteger()

brand: Final = Table(
    "brand",
    metadata,
    Column("code", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("short_names", String, nullable=False),  # split by |
    Column("iys_code", String, nullable=False),
    Column("title", String, nullable=False),
    Column("dealer_of", String),
    Column("closed_at", _Moment),
    Column("version", BigInteger, nullable=False),  # grows with each change: readers ask for what is newer
    Index("brand_version", "version"),
)

consent: Final = Table(
    "consent",
    metadata,
    Column("recipient", String, nullable=False),
    Column("brand_code", String, nullable=False),
    Column("type", String, nullable=False),
    Column("recipient_type", String, nullable=False),
    Column("status", String, nullable=False),
    Column("source", String, nullable=False),
    Column("consent_at", _Moment, nullable=False),
    Column("refused_at", _Moment),
    Column("receipt", String),
    Column("imported_at", _Moment),  # when an import took the row that made this record, if one did
    PrimaryKeyConstraint("recipient", "brand_code", "type", "recipient_type"),
    sqlite_with_rowid=False,
)

# The acts that imports took and that do not stand: a file read twice changes nothing, even where a newer act has taken
# its place since. (One that stands is its record.) The last two columns are empty where it did not move the registry,
# and where it was taken before they were kept.
import_log: Final = Table(
    "import_log",
    metadata,
    Column("recipient", String, nullable=False),
    Column("brand_code", String, nullable=False),
    Column("type", String, nullable=False),
    Column("recipient_type", String, nullable=False),
    Column("consent_at", _Moment, nullable=False),
    Column("status", String, nullable=False),
    Column("source", String),
    Column("created_at", _Moment),
    PrimaryKeyConstraint("recipient", "brand_code", "type", "recipient_type", "consent_at", "status"),
    sqlite_with_rowid=False,
)

objection: Final = Table(
    "objection",
    metadata,
    Column("recipient", String, nullable=False),
    Column("brand_code", String, nullable=False),
    Column("type", String, nullable=False),
    Column("source", String, nullable=False),
    Column("at", _Moment, nullable=False),
    Column("receipt", String, nullable=False),
    PrimaryKeyConstraint("recipient", "brand_code", "type"),
    sqlite_with_rowid=False,
)

# What the line remembers of the conversation with a citizen (`core.conversation.conversation`).
conversation: Final = Table(
    "conversation",
    metadata,
    Column("recipient", String, primary_key=True),
    Column("state", Text, nullable=False),  # JSON
    Column("changed_at", _Moment, nullable=False),
    sqlite_with_rowid=False,
)

request: Final = Table(
    "request",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=False),
    Column("recipient", String, nullable=False),  # empty where the network gave no number
    Column("door", String, nullable=False),
    Column("origin", String, nullable=False),
    Column("connection", BigInteger, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("received_at", _Moment, nullable=False),
    Column("decided_at", _Moment, nullable=False),
    Column("registered_at", _Moment, nullable=False),
    Column("registry_id", String),
    Column("outcome", String, nullable=False),
    Column("receipt", String),
    Column("entry", BigInteger),  # of the ledger, in this row's own book
    Column("salt", LargeBinary),  # of the number's HMAC in the ledger
    Column("raw_hash", LargeBinary, nullable=False),  # SHA-256 of raw.octets
    Column("repeat_of", BigInteger),
    Column("review", String),  # open while a person has to look at it, then resolved
    Column("silence", String),  # why no answer to it goes out (`core.conversation.unanswered`)
    Index(
        "request_review",
        "id",
        sqlite_where=Column("review") == "open",
        postgresql_where=Column("review") == "open",
    ),
)

raw: Final = Table(
    "raw",
    metadata,
    Column("request", _Id, primary_key=True, autoincrement=False),
    Column("recipient", String, nullable=False),
    Column("octets", LargeBinary, nullable=False),
    Column("text", Text),
)

receipt: Final = Table(
    "receipt",
    metadata,
    Column("receipt", String, primary_key=True),
    Column("recipient", String, nullable=False),
    Column("request", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

complaint: Final = Table(
    "complaint",
    metadata,
    Column("receipt", String, primary_key=True),
    Column("recipient", String, nullable=False),
    Column("brand_code", String),  # null where no brand of the directory was named
    Column("name", String),  # the sender's, as the citizen typed it
    Column("state", String, nullable=False),
    Column("opened_at", _Moment, nullable=False),
    Column("changed_at", _Moment, nullable=False),
    Column("outcome", Text),
    Index("complaint_of", "recipient"),
    sqlite_with_rowid=False,
)

# The messages that a citizen sent for a report: their texts lie in raw.
complaint_text: Final = Table(
    "complaint_text",
    metadata,
    Column("receipt", String, nullable=False),
    Column("request", BigInteger, nullable=False),
    PrimaryKeyConstraint("receipt", "request"),
    Index("complaint_text_request", "request"),
    sqlite_with_rowid=False,
)

segment: Final = Table(
    "segment",
    metadata,
    Column("recipient", String, nullable=False),
    Column("origin", String, nullable=False),
    Column("destination", String, nullable=False),
    Column("reference", Integer, nullable=False),
    Column("total", SmallInteger, nullable=False),
    Column("first", BigInteger, nullable=False),  # the request that began the set
    Column("number", SmallInteger, nullable=False),
    Column("octets", LargeBinary, nullable=False),
    Column("key", LargeBinary, nullable=False),  # of the request, by which its repeats are known
    Column("request", BigInteger, nullable=False),
    Column("received_at", _Moment, nullable=False),
    PrimaryKeyConstraint("recipient", "origin", "destination", "reference", "total", "first", "number"),
    Index("segment_received", "received_at"),
    sqlite_with_rowid=False,
)

connection: Final = Table(
    "connection",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=False),
    Column("origin", String, nullable=False),
    Column("opened_at", _Moment, nullable=False),
    Column("delivered_through", BigInteger, nullable=False),  # requests up to here were surely answered
    Column("closed_at", _Moment),
    Index(
        "connection_open",
        "id",
        sqlite_where=Column("closed_at").is_(None),
        postgresql_where=Column("closed_at").is_(None),
    ),
)

redelivery: Final = Table(
    "redelivery",
    metadata,
    Column("recipient", String, nullable=False),
    Column("request", BigInteger, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("expires_at", _Moment, nullable=False),
    PrimaryKeyConstraint("recipient", "request"),
    Index("redelivery_expires", "expires_at"),
    sqlite_with_rowid=False,
)

outbox: Final = Table(
    "outbox",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=False),
    Column("request", BigInteger),
    Column("recipient", String, nullable=False),
    Column("class", SmallInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("origin", String, nullable=False),  # the operator the message came from
    Column("state", String, nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    Column("created_at", _Moment, nullable=False),
    Column("expires_at", _Moment, nullable=False),
    Column("not_before", _Moment, nullable=False),
    Column("lease_until", _Moment),
    Column("sender", Integer),  # the book of the process that sent it last
    Column("unknowns", SmallInteger, nullable=False),  # submits of it that were never answered
    Column("operator", String),
    Column("message_id", String),
    Column("reason", String),
    Column("settled_at", _Moment),
    Column("source", String),  # the number that was texted, null where none was
    Index(
        "outbox_ready",
        "class",
        "id",
        "origin",
        sqlite_where=Column("state") == "ready",
        postgresql_where=Column("state") == "ready",
    ),
    Index(
        "outbox_sent",
        "lease_until",
        sqlite_where=Column("state") == "sent",
        postgresql_where=Column("state") == "sent",
    ),
    Index("outbox_request", "request"),
    Index(
        "outbox_message",
        "operator",
        "message_id",
        sqlite_where=Column("message_id").is_not(None),
        postgresql_where=Column("message_id").is_not(None),
    ),
    # Codes in clear, by when they end: `core.retention` blanks them.
    Index(
        "outbox_code",
        "expires_at",
        sqlite_where=text("class = 0 AND text <> ''"),
        postgresql_where=text("class = 0 AND text <> ''"),
    ),
)

# Consents that entered from senders, of which the citizen is told (`core.registry.notices`); the row in the outbox has
# the same id.
notice: Final = Table(
    "notice",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=False),
    Column("recipient", String, nullable=False),
    Column("brand_code", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("types", String, nullable=False),  # split by |
    Column("consent_at", _Moment, nullable=False),
    Column("entered_at", _Moment, nullable=False),
    Column("due_at", _Moment, nullable=False),
    Column("book", Integer, nullable=False),  # of the process that took the consent
    Column("state", String, nullable=False),
    Column("class", SmallInteger, nullable=False),  # that of its row in the outbox
    Index(
        "notice_waiting",
        "class",
        "due_at",
        sqlite_where=Column("state") == "waiting",
        postgresql_where=Column("state") == "waiting",
    ),
    Index("notice_of", "recipient", "brand_code"),
)

# The secret parts of links, as hashes.
token: Final = Table(
    "token",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("notice", BigInteger, nullable=False),
    Column("ends_at", _Moment, nullable=False),
    sqlite_with_rowid=False,
)

book: Final = Table(
    "book",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("opened_at", _Moment, nullable=False),
    Column("closed_at", _Moment),  # its process has ended, and what it left open was taken over
    Column("last_seal", BigInteger),  # then: the newest seal when all of the book was sealed, 0 if there was none
    Index(
        "book_unfinished",
        "id",
        sqlite_where=Column("last_seal").is_(None),
        postgresql_where=Column("last_seal").is_(None),
    ),
    sqlite_autoincrement=True,
)

# The last transaction of each process on PostgreSQL, written by that transaction itself
# (`core.store.postgresql.connection`).
turn: Final = Table(
    "turn",
    metadata,
    Column("book", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

ledger: Final = Table(
    "ledger",
    metadata,
    Column("book", Integer, nullable=False),
    Column("entry", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("book", "entry"),
    sqlite_with_rowid=False,
)

anchor: Final = Table(
    "anchor",
    metadata,
    Column("book", Integer, nullable=False),
    Column("entry", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("at", _Moment, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    PrimaryKeyConstraint("book", "entry"),
    sqlite_with_rowid=False,
)

seal: Final = Table(
    "seal",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # from 1, without gaps
    Column("at", _Moment, nullable=False),
    Column("root", LargeBinary, nullable=False),  # of the Merkle tree over its heads
    Column("previous", LargeBinary, nullable=False),  # hash of the seal before it
    Column("public_key", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

sealed_head: Final = Table(
    "sealed_head",
    metadata,
    Column("seal", BigInteger, nullable=False),
    Column("book", Integer, nullable=False),
    Column("entry", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("seal", "book"),
    Index("sealed_head_of", "book", "entry"),
    sqlite_with_rowid=False,
)

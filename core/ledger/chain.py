"""The chain of entries: each hash covers the one before it, the book, the entry number and the body."""

import hashlib
import hmac
from typing import Any, Final, NamedTuple

import orjson

GENESIS: Final = bytes(32)


class Entry(NamedTuple):
    """One entry of a book. `body` is canonical JSON: sorted keys, no spaces, UTF-8."""

    book: int
    entry: int
    hash: bytes
    body: str


class Head(NamedTuple):
    """The newest entry of a book; entry 0 with the genesis hash is that of an empty one."""

    book: int
    entry: int
    hash: bytes


def canonical(body: dict[str, Any]) -> str:
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS).decode()


def entry_hash(previous: bytes, book: int, entry: int, body: str) -> bytes:
    return hashlib.sha256(b"%b%d:%d:%b" % (previous, book, entry, body.encode())).digest()


def pseudonym(recipient: str, salt: bytes) -> str:
    """The citizen's address in the ledger: an HMAC whose salt lies with the evidence and goes when that goes."""
    return hmac.digest(salt, recipient.encode(), "sha256").hex()

"""Seals: each binds the heads of all books that have grown since the seal before it, and that seal too.

A book has its own signed heads (`core.ledger.anchors`), but those lie only where its process ran. A seal names the
books of all processes, so that none of them can vanish whole without being missed wherever the seal is kept.
"""

import hashlib
import heapq
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import orjson

from core.domain.clock import Instant
from core.ledger.anchors import BadAnchor, Signer, is_signed, number
from core.ledger.chain import GENESIS, Head
from core.ledger.merkle import root_of
from core.store.external_sort import ExternalSort


class Seal(NamedTuple):
    """`heads` are the leaves of a Merkle tree, by book; `previous` is the hash of the seal before, or `GENESIS`.

    The order of seals is that of their numbers, from 1 without gaps; `at` is what the clock of the process said.
    """

    number: int
    at: Instant
    heads: tuple[Head, ...]
    root: bytes
    previous: bytes
    public_key: bytes
    signature: bytes

    @property
    def hash(self) -> bytes:
        """The hash that the next seal covers."""
        return hashlib.sha256(_signed(self)).digest()

    def fault(self, trusted_key: bytes | None) -> str | None:
        """The fault of it alone, None if there is none. With `trusted_key` (32 octets, Ed25519) it must be signed by
        that."""
        if root_of([_leaf(head) for head in self.heads]) != self.root:
            return "its root does not fit the heads that it seals"
        if not is_signed(self.public_key, self.signature, _signed(self)):
            return "its signature is wrong"
        if trusted_key is not None and self.public_key != trusted_key:
            return "it is signed by another key"
        return None

    def as_json(self) -> dict[str, Any]:
        return {
            "seal": self.number,
            "at": self.at,
            "heads": [{"book": book, "entry": entry, "hash": hash_.hex()} for book, entry, hash_ in self.heads],
            "root": self.root.hex(),
            "previous": self.previous.hex(),
            "publicKey": b64encode(self.public_key).decode(),
            "signature": b64encode(self.signature).decode(),
        }

    @classmethod
    def from_json(cls, value: Any) -> "Seal":
        """Raises `BadAnchor`."""
        try:
            heads = (Head(number(h["book"]), number(h["entry"]), bytes.fromhex(h["hash"])) for h in value["heads"])
            hashes = bytes.fromhex(value["root"]), bytes.fromhex(value["previous"])
            keys = b64decode(value["publicKey"], validate=True), b64decode(value["signature"], validate=True)
            return cls(number(value["seal"]), Instant(number(value["at"])), tuple(heads), *hashes, *keys)
        except (KeyError, TypeError, ValueError) as error:
            raise BadAnchor("not a seal") from error


def make_seal(heads: Sequence[Head], before: Seal | None, signer: Signer, at: Instant) -> Seal:
    """The seal over these heads, which follows the one `before`."""
    number, previous = (before.number + 1, before.hash) if before else (1, GENESIS)
    root = root_of([_leaf(head) for head in heads])
    unsigned = Seal(number, at, tuple(heads), root, previous, signer.public_key, b"")
    return unsigned._replace(signature=signer.signature(_signed(unsigned)))


class SealsCheck:
    """Goes through the seals that the database holds, `stored` by number, and those kept outside of it (`local`, in any
    order). Each must follow the one before it, and those outside must be among the stored ones.

    `fault` is the first thing wrong with the stored ones, else with those outside, once `heads` has come to its end.
    """

    def __init__(self, stored: Iterable[Seal], local: Iterable[Seal], trusted_key: bytes | None) -> None:
        self._stored = stored
        self._local = local
        self._trusted_key = trusted_key
        self._last, self._previous = 0, GENESIS
        self._stored_fault: str | None = None
        self._local_fault: str | None = None

    @property
    def fault(self) -> str | None:
        return self._stored_fault or self._local_fault

    def heads(self) -> Iterator[Head]:
        """Heads bound by seals that are right in themselves."""
        with ExternalSort(2) as kept:
            kept.add((seal.number, orjson.dumps(seal.as_json())) for seal in self._local)
            local = ((Seal.from_json(orjson.loads(text)), False) for _, text in kept)
            stored = ((seal, True) for seal in self._stored)
            both = heapq.merge(stored, local, key=lambda one: one[0].number)
            for _, of_number in groupby(both, key=lambda one: one[0].number):
                inside: list[Seal] = []
                for seal, is_stored in of_number:
                    if is_stored:
                        inside.append(seal)
                    elif seal in inside:
                        continue
                    fault = seal.fault(self._trusted_key)
                    if fault is None:
                        yield from seal.heads
                    if is_stored:
                        self._check_stored(seal, fault)
                    else:
                        self._check_local(seal, fault)

    def _check_stored(self, seal: Seal, fault: str | None) -> None:
        if self._stored_fault is not None:
            return
        if seal.number != self._last + 1:
            self._stored_fault = f"seal {self._last + 1} is missing"
        elif fault is not None:
            self._stored_fault = f"seal {seal.number}: {fault}"
        elif seal.previous != self._previous:
            self._stored_fault = f"seal {seal.number}: it does not follow the one before it"
        self._last, self._previous = seal.number, seal.hash

    def _check_local(self, seal: Seal, fault: str | None) -> None:
        """Of one that is not stored."""
        if self._local_fault is not None:
            return
        if fault is not None:
            self._local_fault = f"seal {seal.number} in the anchor file: {fault}"
        elif seal.number > self._last:
            cut = f"seal {self._last + 1} is missing: the seals were cut off"
            self._local_fault = f"{cut}, the anchor file has seal {seal.number}"
        else:
            self._local_fault = f"seal {seal.number}: it is not the one in the anchor file"


def _leaf(head: Head) -> bytes:
    return b"%d:%d:%b" % head


def _signed(seal: Seal) -> bytes:
    text = f"izinhatti seal {seal.number} {seal.root.hex()} {seal.previous.hex()} {seal.at}"
    return text.encode()

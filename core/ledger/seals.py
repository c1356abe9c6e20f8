"""Seals: each binds the heads of all books that have grown since the seal before it, and that seal too.

A book has its own signed heads (`core.ledger.anchors`), but those lie only where its process ran. A seal names the
books of all processes, so that none of them can vanish whole without being missed wherever the seal is kept.
"""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from core.clock import Instant
from core.ledger.anchors import BadAnchor, Signer, is_signed
from core.ledger.chain import GENESIS, Head
from core.ledger.merkle import root_of


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
        """What the next seal covers."""
        return hashlib.sha256(_signed(self)).digest()

    def fault(self, trusted_key: bytes | None) -> str | None:
        """What is wrong with it alone. With `trusted_key` (32 octets, Ed25519) it must be signed by that."""
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
            heads = (Head(int(h["book"]), int(h["entry"]), bytes.fromhex(h["hash"])) for h in value["heads"])
            hashes = bytes.fromhex(value["root"]), bytes.fromhex(value["previous"])
            keys = b64decode(value["publicKey"], validate=True), b64decode(value["signature"], validate=True)
            return cls(int(value["seal"]), Instant(int(value["at"])), tuple(heads), *hashes, *keys)
        except (KeyError, TypeError, ValueError) as error:
            raise BadAnchor("not a seal") from error


def make_seal(heads: Sequence[Head], before: Seal | None, signer: Signer, at: Instant) -> Seal:
    """The seal over these heads, which follows the one `before`."""
    number, previous = (before.number + 1, before.hash) if before else (1, GENESIS)
    root = root_of([_leaf(head) for head in heads])
    unsigned = Seal(number, at, tuple(heads), root, previous, signer.public_key, b"")
    return unsigned._replace(signature=signer.signature(_signed(unsigned)))


def fault_of(stored: Sequence[Seal], local: Iterable[Seal], faults: Mapping[Seal, str]) -> str | None:
    """The first thing wrong with the `stored` seals, given by number: each must follow the one before it, and those
    kept outside the database (`local`) must be among them. `faults` are those of each seal alone."""
    last, previous = 0, GENESIS
    for seal in stored:
        if seal.number != last + 1:
            return f"seal {last + 1} is missing"
        if seal in faults:
            return f"seal {seal.number}: {faults[seal]}"
        if seal.previous != previous:
            return f"seal {seal.number}: it does not follow the one before it"
        last, previous = seal.number, seal.hash
    inside = set(stored)
    for seal in sorted(set(local) - inside):
        if seal in faults:
            return f"seal {seal.number} in the anchor file: {faults[seal]}"
        if seal.number > last:
            return f"seal {last + 1} is missing: the seals were cut off, the anchor file has seal {seal.number}"
        return f"seal {seal.number}: it is not the one in the anchor file"
    return None


def _leaf(head: Head) -> bytes:
    return b"%d:%d:%b" % head


def _signed(seal: Seal) -> bytes:
    text = f"izinhatti seal {seal.number} {seal.root.hex()} {seal.previous.hex()} {seal.at}"
    return text.encode()

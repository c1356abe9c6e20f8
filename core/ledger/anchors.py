"""Signed heads: what proves later that a book was neither altered, reordered nor cut off.

Each second and at the end the head of the book is signed (Ed25519) and appended to a file outside the database
(`core.ledger.anchor_file`), and stored in the database too.
"""

import os
from base64 import b64decode, b64encode
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from core.domain.clock import Instant, utc_text
from core.ledger.chain import Head

_BITS_MAX: Final = 63


class BadAnchor(ValueError):
    """A line that is neither a signed head nor a seal. The message names what is wrong with it."""


class Anchor(NamedTuple):
    """A head, when it was signed, by which key."""

    book: int
    entry: int
    hash: bytes
    at: Instant
    public_key: bytes
    signature: bytes

    def is_genuine(self) -> bool:
        try:
            signed = _signed(self)
        except (OverflowError, ValueError):  # of a time that no calendar has nobody signed a head
            return False
        return is_signed(self.public_key, self.signature, signed)

    def as_json(self) -> dict[str, Any]:
        return {
            "book": self.book,
            "entry": self.entry,
            "hash": self.hash.hex(),
            "at": self.at,
            "publicKey": b64encode(self.public_key).decode(),
            "signature": b64encode(self.signature).decode(),
        }

    @classmethod
    def from_json(cls, value: Any) -> "Anchor":
        """Raises `BadAnchor`."""
        try:
            hash_ = bytes.fromhex(value["hash"])
            keys = b64decode(value["publicKey"], validate=True), b64decode(value["signature"], validate=True)
            return cls(number(value["book"]), number(value["entry"]), hash_, Instant(number(value["at"])), *keys)
        except (KeyError, TypeError, ValueError) as error:
            raise BadAnchor("not a signed head") from error


class Signer:
    """The private key of this installation."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public_key = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @classmethod
    def of_file(cls, path: Path) -> "Signer":
        """The key in this file, made at the first start. Raises OSError or ValueError, naming the file."""
        try:
            octets = path.read_bytes()
        except FileNotFoundError:
            octets = _make_key(path)
        try:
            return cls(Ed25519PrivateKey.from_private_bytes(octets))
        except ValueError as error:
            raise ValueError(f"{path} holds no Ed25519 key of 32 octets") from error

    def derived(self, purpose: bytes) -> bytes:
        """32 octets that only who has this key can make, other ones for each purpose."""
        return HKDF(SHA256(), 32, salt=None, info=purpose).derive(self._key.private_bytes_raw())

    def sign(self, head: Head, at: Instant) -> Anchor:
        unsigned = Anchor(head.book, head.entry, head.hash, at, self.public_key, b"")
        return unsigned._replace(signature=self.signature(_signed(unsigned)))

    def signature(self, octets: bytes) -> bytes:
        return self._key.sign(octets)


def number(value: Any) -> int:
    """A whole number that the database could hold as well. Raises ValueError or TypeError."""
    found = int(value)
    if found.bit_length() > _BITS_MAX:
        raise ValueError("too large a number")
    return found


def is_signed(public_key: bytes, signature: bytes, octets: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, octets)
    except (InvalidSignature, ValueError):
        return False
    return True


def _signed(anchor: Anchor) -> bytes:
    text = f"izinhatti head {anchor.book} {anchor.entry} {anchor.hash.hex()} {utc_text(anchor.at)}"
    return text.encode()


def _make_key(path: Path) -> bytes:
    """Of processes that start at once, the key that one of them made: it gets its name when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    octets = Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    with NamedTemporaryFile(dir=path.parent, prefix=f"{path.name}.") as file:  # for its owner only
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(file.name, path)
    return path.read_bytes()

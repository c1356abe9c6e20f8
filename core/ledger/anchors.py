"""Signed heads: what proves later that a book was neither altered, reordered nor cut off.

Each second and at the end the head of the book is signed (Ed25519) and appended to a file outside the database, and
stored in the database too.
"""

import errno
import fcntl
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from core.clock import Instant, utc_text
from core.ledger.chain import Head


class BadAnchor(ValueError):
    """A line that is no signed head. The message names what is wrong with it."""


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
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(self.signature, _signed(self))
        except (InvalidSignature, ValueError):
            return False
        return True

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
            return cls(int(value["book"]), int(value["entry"]), hash_, Instant(int(value["at"])), *keys)
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
        return unsigned._replace(signature=self._key.sign(_signed(unsigned)))


class AnchorFile:
    """JSON lines, one signed head each, only ever appended to."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def prepare(self) -> None:
        """Make the folder, and end a last line that a power cut left without its end."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._alone() as file:
            octets = self._path.read_bytes()
            if not octets.endswith(b"\n"):
                file.truncate(octets.rfind(b"\n") + 1)

    def append(self, anchor: Anchor) -> None:
        """Add one head and fsync. One write: a kill leaves the whole line or none of it. Raises OSError."""
        line = orjson.dumps(anchor.as_json(), option=orjson.OPT_APPEND_NEWLINE)
        with self._alone() as file:
            end = file.seek(0, os.SEEK_END)
            if file.write(line) != len(line):
                # A disk that fills up takes what still fits; the next head must not be glued to that.
                file.truncate(end)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())

    @contextmanager
    def _alone(self) -> Iterator[FileIO]:
        """The file, with no other process in it: an import and the service share it. Raises OSError that names it."""
        try:
            with self._path.open("ab", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)  # let go of when the file is closed; held for one line at most
                yield file
        except OSError as error:
            raise OSError(error.errno, f"{os.strerror(error.errno or 0)}: {self._path}") from error

    def read(self) -> Iterator[Anchor]:
        """Every head in the file; none where there is no file. Raises `BadAnchor`, naming the line."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield Anchor.from_json(orjson.loads(line))
                except ValueError as error:
                    raise BadAnchor(f"{self._path} line {number}: {error}") from error


def _signed(anchor: Anchor) -> bytes:
    text = f"izinhatti head {anchor.book} {anchor.entry} {anchor.hash.hex()} {utc_text(anchor.at)}"
    return text.encode()


def _make_key(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    octets = Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    return octets

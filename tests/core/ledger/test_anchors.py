"""Signed heads: the key file, and what is no head of ours."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from core.domain.clock import Instant
from core.ledger.anchors import Anchor, BadAnchor, Signer
from core.ledger.chain import Head

AT = Instant(1_795_431_900_123)
HEAD = Head(1, 7, bytes(range(32)))


@pytest.fixture
def signer() -> Signer:
    return Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


def test_a_head_is_genuine_under_the_key_that_signed_it(signer: Signer) -> None:
    anchor = signer.sign(HEAD, AT)

    assert anchor.is_genuine()
    assert anchor[:3] == HEAD
    assert anchor.public_key == signer.public_key


@pytest.mark.parametrize(
    "change",
    [
        {"book": 2},
        {"entry": 8},
        {"hash": bytes(32)},
        {"at": Instant(AT + 1)},
        {"signature": bytes(64)},
        {"signature": b""},
        {"public_key": b""},
        {"public_key": Signer(Ed25519PrivateKey.generate()).public_key},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_head_that_was_changed_is_not_genuine(signer: Signer, change: dict[str, Any]) -> None:
    assert not signer.sign(HEAD, AT)._replace(**change).is_genuine()


@given(st.integers(0, 1 << 40), st.integers(0, 1 << 40), st.binary(min_size=32, max_size=32), st.integers(0, 4 << 40))
def test_a_head_survives_being_written_as_json(book: int, entry: int, hash_: bytes, at: int) -> None:
    signer = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    anchor = signer.sign(Head(book, entry, hash_), Instant(at))

    assert Anchor.from_json(orjson.loads(orjson.dumps(anchor.as_json()))) == anchor


@pytest.mark.parametrize(
    "value", [None, [], {}, 7, "x", {"book": "x"}, {"book": 1, "entry": 1, "hash": "zz", "at": 0}], ids=repr
)
def test_a_value_that_is_no_head_is_refused(value: object) -> None:
    with pytest.raises(BadAnchor, match=r"^not a signed head$"):
        Anchor.from_json(value)


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "ledger.key"

    first, second = Signer.of_file(path), Signer.of_file(path)

    assert first.public_key == second.public_key
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_bytes()) == 32


def test_who_starts_at_once_shares_one_key(tmp_path: Path) -> None:
    at_once = threading.Barrier(8)

    def sign(path: Path) -> bytes:
        at_once.wait()
        return Signer.of_file(path).public_key

    with ThreadPoolExecutor(8) as starts:
        for name in "abcdefgh":
            assert len(set(starts.map(sign, [tmp_path / name] * 8))) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == list("abcdefgh")


@pytest.mark.parametrize("octets", [b"", bytes(31), bytes(33)], ids=len)
def test_a_foreign_key_file_is_named_and_left_alone(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "ledger.key"
    path.write_bytes(octets)

    with pytest.raises(ValueError, match=rf"^{path} holds no Ed25519 key of 32 octets$"):
        Signer.of_file(path)

    assert path.read_bytes() == octets

"""Signed heads: the key file, the anchor file, and what is no head of ours."""

import resource
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from core.clock import Instant
from core.ledger.anchors import Anchor, AnchorFile, BadAnchor, Signer
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


@pytest.mark.parametrize("octets", [b"", bytes(31), bytes(33)], ids=len)
def test_a_foreign_key_file_is_named_and_left_alone(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "ledger.key"
    path.write_bytes(octets)

    with pytest.raises(ValueError, match=rf"^{path} holds no Ed25519 key of 32 octets$"):
        Signer.of_file(path)

    assert path.read_bytes() == octets


@pytest.fixture
def file(tmp_path: Path) -> AnchorFile:
    file = AnchorFile(tmp_path / "anchors" / "ledger.anchors")
    file.prepare()
    return file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "anchors" / "ledger.anchors"


def test_heads_are_read_in_the_order_in_which_they_were_appended(file: AnchorFile, signer: Signer) -> None:
    anchors = [signer.sign(HEAD._replace(entry=n), AT) for n in range(5)]

    for anchor in anchors:
        file.append(anchor)

    assert list(file.read()) == anchors


def test_no_file_holds_no_heads(file: AnchorFile) -> None:
    assert list(file.read()) == []


@pytest.mark.parametrize("cut", [1, 2, 50], ids="{} octets".format)
def test_a_line_that_a_power_cut_left_torn_is_taken_away(
    file: AnchorFile, path: Path, signer: Signer, cut: int
) -> None:
    first, second, third = (signer.sign(HEAD._replace(entry=n), AT) for n in range(3))
    file.append(first)
    file.append(second)
    path.write_bytes(path.read_bytes()[:-cut])

    file.prepare()
    file.append(third)

    assert list(file.read()) == [first, third]


def test_a_torn_only_line_leaves_an_empty_file(file: AnchorFile, path: Path, signer: Signer) -> None:
    file.append(signer.sign(HEAD, AT))
    path.write_bytes(path.read_bytes()[:-10])

    file.prepare()

    assert path.read_bytes() == b""


def test_whole_lines_are_left_as_they_are(file: AnchorFile, path: Path, signer: Signer) -> None:
    file.append(signer.sign(HEAD, AT))
    before = path.read_bytes()

    file.prepare()

    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("label", "line", "reason"),
    [
        ("no JSON", b"{", "unexpected end of data"),
        ("no UTF-8", b"\xff", ""),
        ("another JSON", b'{"book":1}', "not a signed head"),
        ("an empty line", b"", ""),
    ],
)
def test_a_bad_line_is_named(
    file: AnchorFile, path: Path, signer: Signer, label: str, line: bytes, reason: str
) -> None:
    file.append(signer.sign(HEAD, AT))
    with path.open("ab") as octets:
        octets.write(line + b"\n")
    file.append(signer.sign(HEAD, AT))

    with pytest.raises(BadAnchor, match=rf"^{path} line 2: .*{reason}"):
        list(file.read())


def test_a_line_that_the_disk_took_only_half_of_is_an_error_and_taken_away(
    file: AnchorFile, path: Path, signer: Signer
) -> None:
    first, second = (signer.sign(HEAD._replace(entry=n), AT) for n in range(2))
    file.append(first)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100, hard))
    try:
        with pytest.raises(OSError, match=str(path)):
            file.append(second)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    file.append(second)

    assert list(file.read()) == [first, second]

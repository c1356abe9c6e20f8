"""The anchor file: heads and seals, line by line, and what a power cut or a full disk leaves of them."""

import resource
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.domain.clock import Instant
from core.ledger.anchor_file import AnchorFile
from core.ledger.anchors import BadAnchor, Signer
from core.ledger.chain import Head
from core.ledger.seals import make_seal

AT = Instant(1_795_431_900_123)
HEAD = Head(1, 7, bytes(range(32)))


@pytest.fixture
def signer() -> Signer:
    return Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


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


def test_seals_and_heads_lie_in_one_file_and_are_read_apart(file: AnchorFile, signer: Signer) -> None:
    first = make_seal([HEAD, Head(2, 3, bytes(32))], None, signer, AT)
    second = make_seal([HEAD], first, signer, AT)
    anchor = signer.sign(HEAD, AT)

    for record in (first, anchor, second):
        file.append(record)

    assert list(file.seals()) == [first, second]
    assert list(file.read()) == [anchor]


def test_an_empty_file_holds_nothing(file: AnchorFile) -> None:
    assert list(file.read()) == []
    assert list(file.seals()) == []


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
        ("half a seal", b'{"seal":1}', "not a seal"),
        (
            "a seal of no heads",
            b'{"seal":1,"at":1,"heads":1,"root":"","previous":"","publicKey":"","signature":""}',
            "seal",
        ),
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

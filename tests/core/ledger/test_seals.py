"""One seal, and seals in a row: what is wrong with each alone, and with how they follow each other."""

from typing import Any, Final

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.domain.clock import Instant
from core.ledger.anchors import BadAnchor, Signer
from core.ledger.chain import GENESIS, Head
from core.ledger.seals import Seal, SealsCheck, make_seal

AT: Final = Instant(1_795_431_900_123)
STRANGER: Final = Signer(Ed25519PrivateKey.generate())


def head(book: int, entry: int) -> Head:
    return Head(book, entry, bytes([book, entry] * 16))


def row(signer: Signer, count: int) -> list[Seal]:
    """Seals that follow each other, over a book that grows by one."""
    seals: list[Seal] = []
    for entry in range(1, count + 1):
        seals.append(make_seal([head(1, entry), head(2, 1)], seals[-1] if seals else None, signer, AT))
    return seals


def again(seal: Seal, signer: Signer, **changes: Any) -> Seal:
    """The same seal with changes, signed anew."""
    before = Seal(seal.number - 1, AT, (), b"", GENESIS, b"", b"")
    return make_seal(seal.heads, before, signer, AT)._replace(**changes)


def fault_of(stored: list[Seal], local: list[Seal]) -> str | None:
    """What is found by one who trusts every key, once all heads are read."""
    check = SealsCheck(stored, local, None)
    genuine = {seal for seal in (*stored, *local) if seal.fault(None) is None}
    assert set(check.heads()) == {head for seal in genuine for head in seal.heads}
    return check.fault


def test_seals_are_numbered_from_one_and_each_covers_the_one_before(signer: Signer) -> None:
    first, second, third = row(signer, 3)

    assert [seal.number for seal in (first, second, third)] == [1, 2, 3]
    assert [seal.previous for seal in (first, second, third)] == [GENESIS, first.hash, second.hash]
    assert fault_of([first, second, third], [second]) is None
    assert [seal.fault(signer.public_key) for seal in (first, second, third)] == [None] * 3


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"heads": (head(1, 1),)}, "root", id="a head removed"),
        pytest.param({"heads": (head(2, 1), head(1, 1))}, "root", id="heads swapped"),
        pytest.param({"heads": (head(1, 2), head(2, 1))}, "root", id="another entry"),
        pytest.param({"heads": (Head(1, 1, bytes(32)), head(2, 1))}, "root", id="another hash"),
        pytest.param({"heads": ()}, "root", id="all heads removed"),
        pytest.param({"root": bytes(32)}, "root", id="another root"),
        pytest.param({"number": 2}, "signature", id="another number"),
        pytest.param({"at": AT + 1}, "signature", id="another time"),
        pytest.param({"at": 1 << 62}, "signature", id="a time that no calendar has"),
        pytest.param({"previous": bytes([1] * 32)}, "signature", id="another one before"),
        pytest.param({"signature": bytes(64)}, "signature", id="another signature"),
        pytest.param({"signature": b""}, "signature", id="no signature"),
        pytest.param({"public_key": b""}, "signature", id="no key"),
        pytest.param({"public_key": STRANGER.public_key}, "signature", id="another key's name"),
    ],
)
def test_a_seal_that_was_changed_says_so(signer: Signer, change: dict[str, Any], reason: str) -> None:
    [seal] = row(signer, 1)

    assert reason in (seal._replace(**change).fault(None) or "")


def test_a_seal_of_another_key_is_genuine_only_where_none_is_trusted(signer: Signer) -> None:
    [seal] = row(STRANGER, 1)

    assert seal.fault(None) is None
    assert seal.fault(signer.public_key) == "it is signed by another key"


def test_seals_that_do_not_follow_each_other_are_named(signer: Signer) -> None:
    first, second, third = row(signer, 3)
    forked = again(second, signer)

    assert forked.fault(signer.public_key) is None
    assert fault_of([second, third], []) == "seal 1 is missing"
    assert fault_of([first, third], []) == "seal 2 is missing"
    assert fault_of([first, second, second], []) == "seal 3 is missing"
    assert fault_of([first, forked, third], []) == "seal 2: it does not follow the one before it"
    other = make_seal([head(1, 2)], first, signer, AT)
    assert fault_of([first, other, third], []) == "seal 3: it does not follow the one before it"
    assert fault_of([first, second._replace(root=GENESIS), third], []) == (
        "seal 2: its root does not fit the heads that it seals"
    )


def test_seals_kept_outside_must_stand_in_the_database(signer: Signer) -> None:
    first, second, third = row(signer, 3)
    other = make_seal([head(1, 2)], first, signer, AT)
    broken = second._replace(signature=bytes(64))

    cut = "seal 2 is missing: the seals were cut off, the anchor file has seal 3"
    assert fault_of([first], [first, third]) == cut
    assert fault_of([], [third]) == "seal 1 is missing: the seals were cut off, the anchor file has seal 3"
    assert fault_of([first, other], [second]) == "seal 2: it is not the one in the anchor file"
    assert fault_of([first], [first, broken]) == "seal 2 in the anchor file: its signature is wrong"
    assert fault_of([first, broken], [first]) == "seal 2: its signature is wrong"
    assert fault_of([first, second], [third, other, second, first, second]) == (
        "seal 2: it is not the one in the anchor file"
    )


def test_a_seal_survives_being_written_as_json(signer: Signer) -> None:
    for seal in row(signer, 2):
        assert Seal.from_json(orjson.loads(orjson.dumps(seal.as_json()))) == seal


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"seal": "x"}, id="number"),
        pytest.param({"seal": 1 << 63}, id="number beyond all"),
        pytest.param({"at": None}, id="time"),
        pytest.param({"heads": 7}, id="heads"),
        pytest.param({"heads": [7]}, id="a head"),
        pytest.param({"heads": [{"book": 1, "entry": 1, "hash": "zz"}]}, id="a head's hash"),
        pytest.param({"root": "zz"}, id="root"),
        pytest.param({"previous": 1}, id="previous"),
        pytest.param({"publicKey": "*"}, id="key"),
        pytest.param({"signature": "*"}, id="signature"),
    ],
)
def test_what_is_no_seal_is_refused(signer: Signer, change: dict[str, Any]) -> None:
    value = row(signer, 1)[0].as_json() | change

    with pytest.raises(BadAnchor, match=r"^not a seal$"):
        Seal.from_json(value)

"""The root of a Merkle tree: as RFC 6962 defines it, and another one for every other list."""

import hashlib
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ledger.merkle import root_of

# The tests of Certificate Transparency's own implementations build their trees of these leaves, one more each time.
LEAVES: Final = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS: Final = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

leaves = st.lists(st.binary(max_size=40), max_size=40)


def sha256(octets: bytes) -> bytes:
    return hashlib.sha256(octets).digest()


def defined(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0])
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return sha256(b"\x01" + defined(leaves[:k]) + defined(leaves[k:]))


@pytest.mark.parametrize("count", range(1, 9))
def test_the_root_is_that_of_certificate_transparency(count: int) -> None:
    assert root_of([bytes.fromhex(leaf) for leaf in LEAVES[:count]]).hex() == ROOTS[count - 1]


@given(leaves)
def test_the_root_is_the_one_that_the_standard_defines(leaves: list[bytes]) -> None:
    assert root_of(leaves) == defined(leaves)


@given(leaves, st.binary(max_size=40), st.data())
def test_one_more_leaf_anywhere_makes_another_root(leaves: list[bytes], leaf: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(leaves)))

    assert root_of([*leaves[:place], leaf, *leaves[place:]]) != root_of(leaves)


@given(leaves.filter(bool), st.data())
def test_a_changed_leaf_makes_another_root(leaves: list[bytes], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(leaves) - 1))
    other = data.draw(st.binary(max_size=40).filter(lambda octets: octets != leaves[place]))

    assert root_of([*leaves[:place], other, *leaves[place + 1 :]]) != root_of(leaves)


@given(leaves, leaves)
def test_leaves_in_another_order_make_another_root(one: list[bytes], other: list[bytes]) -> None:
    assert (root_of([*one, *other]) == root_of([*other, *one])) == ([*one, *other] == [*other, *one])


def test_a_node_cannot_be_taken_for_a_leaf() -> None:
    node = root_of([b"a"]) + root_of([b"b"])

    assert root_of([node]) != root_of([b"a", b"b"])

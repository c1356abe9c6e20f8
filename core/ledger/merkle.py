"""The root of a Merkle tree: one hash that stands for a list of leaves and for their order.

As in RFC 6962, section 2.1: leaves and nodes are hashed with another first octet each, so that no node can be taken for
a leaf, and a list has one tree only.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"


def root_of(leaves: Sequence[bytes]) -> bytes:
    """SHA-256; of no leaves it is the hash of nothing."""
    level = [_hash(_LEAF + leaf) for leaf in leaves]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        odd = level[-1:] if len(level) % 2 else []  # goes up as it is: so the left side is always the larger power of 2
        level = [_hash(_NODE + left + right) for left, right in pairs] + odd
    return level[0] if level else _hash(b"")


def _hash(octets: bytes) -> bytes:
    return hashlib.sha256(octets).digest()

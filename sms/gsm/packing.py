"""Septets packed as they travel over the air: eight in seven octets (3GPP TS 23.038, 6.1.2.1.1).

Behind a user data header the text begins at a septet border, so that up to six fill bits stand between them
(3GPP TS 23.040, 9.2.3.24).
"""

from typing import Final

_GROUP_SEPTETS: Final = 8
_GROUP_OCTETS: Final = 7
_CR: Final = 0x0D
_PADDING: Final = (b"\x00", b"\x0d")


def pack(septets: bytes, header_octets: int = 0) -> bytes:
    """Return septets, one an octet, as they stand behind a header of so many octets (0: none).

    Where seven bits are left over a carriage return fills them: zeros would be read as a commercial at.
    """
    fill = _fill_bits(header_octets)
    bits = fill + 7 * len(septets)
    if bits % 8 == 1:
        septets += bytes((_CR,))
    packed = b"".join([_pack_group(septets[at : at + _GROUP_SEPTETS]) for at in range(0, len(septets), _GROUP_SEPTETS)])
    return (int.from_bytes(packed, "little") << fill).to_bytes((fill + 7 * len(septets) + 7) // 8, "little")


def unpack(octets: bytes, header_octets: int = 0) -> bytes:
    """Return the septets, one an octet, that stand behind a header of so many octets (0: none).

    Octets do not tell whether seven last bits are a septet: if they are zeros or a carriage return, they are padding.
    """
    fill = _fill_bits(header_octets)
    count = (8 * len(octets) - fill) // 7
    if count <= 0:
        return b""
    aligned = (int.from_bytes(octets, "little") >> fill).to_bytes(len(octets), "little")
    groups = [_unpack_group(aligned[at : at + _GROUP_OCTETS]) for at in range(0, len(aligned), _GROUP_OCTETS)]
    septets = b"".join(groups)[:count]
    if (8 * len(octets) - fill) % 7 == 0 and septets.endswith(_PADDING):
        return septets[:-1]
    return septets


def _fill_bits(header_octets: int) -> int:
    return -8 * header_octets % 7


def _pack_group(septets: bytes) -> bytes:
    bits = 0
    for at, septet in enumerate(septets):
        bits |= septet << 7 * at
    return bits.to_bytes((7 * len(septets) + 7) // 8, "little")


def _unpack_group(octets: bytes) -> bytes:
    bits = int.from_bytes(octets, "little")
    return bytes([bits >> 7 * at & 0x7F for at in range(_GROUP_SEPTETS)])

"""Segmentation and reassembly by TLVs (SMPP 3.4, 5.3.2.22 to 24)."""

from collections.abc import Mapping
from typing import Final

from sms.gsm.segments import SEGMENTS_MAX, Udh
from sms.smpp.codes import TLV_SAR_MSG_REF_NUM, TLV_SAR_SEGMENT_SEQNUM, TLV_SAR_TOTAL_SEGMENTS

SAR_TLVS: Final = (TLV_SAR_MSG_REF_NUM, TLV_SAR_TOTAL_SEGMENTS, TLV_SAR_SEGMENT_SEQNUM)

_REFERENCE_MAX: Final = 0xFFFF


def sar(udh: Udh, tlvs: Mapping[int, bytes]) -> Udh:
    """The header with what the SAR TLVs say about parts (SMPP 3.4, 5.3.2.22 to 24), if they say it whole.

    A part outside its total is ignored, as in a header; numbers of an odd size are read.
    """
    reference, total, part = [int.from_bytes(tlvs.get(tag, b"")) for tag in SAR_TLVS]
    if TLV_SAR_MSG_REF_NUM in tlvs and reference <= _REFERENCE_MAX and 1 <= part <= total <= SEGMENTS_MAX:
        return udh._replace(reference=reference, part=part, total=total)
    return udh

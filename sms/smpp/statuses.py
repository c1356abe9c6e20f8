"""Command statuses of submits, by whose fault they are (SMPP 3.4, 5.1.3)."""

from collections.abc import Collection, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final


class Fault(Enum):
    """Whose fault a refused submit is. Only the message's own may end it."""

    MESSAGE = "message"  # its recipient: another try would end the same way
    SETTINGS = "settings"  # how we are set up: kept, an alarm
    LINK = "link"  # the bind is not what we take it for: kept, bound anew
    OPERATOR = "operator"  # it cannot now, or does not say why: kept until its own end
    THROTTLE = "throttle"  # slower


STATUSES: Final[Mapping[int, Fault]] = MappingProxyType(
    {
        0x01: Fault.SETTINGS,  # ESME_RINVMSGLEN
        0x02: Fault.SETTINGS,  # ESME_RINVCMDLEN
        0x03: Fault.SETTINGS,  # ESME_RINVCMDID
        0x04: Fault.LINK,  # ESME_RINVBNDSTS
        0x06: Fault.SETTINGS,  # ESME_RINVPRTFLG
        0x07: Fault.SETTINGS,  # ESME_RINVREGDLVFLG
        0x08: Fault.OPERATOR,  # ESME_RSYSERR
        0x0A: Fault.SETTINGS,  # ESME_RINVSRCADR
        0x0B: Fault.MESSAGE,  # ESME_RINVDSTADR
        0x14: Fault.OPERATOR,  # ESME_RMSGQFUL, where the operator's settings do not call it throttling
        0x15: Fault.SETTINGS,  # ESME_RINVSERTYP
        0x33: Fault.MESSAGE,  # ESME_RINVNUMDESTS
        0x34: Fault.MESSAGE,  # ESME_RINVDLNAME
        0x40: Fault.MESSAGE,  # ESME_RINVDESTFLAG
        0x42: Fault.SETTINGS,  # ESME_RINVSUBREP
        0x43: Fault.SETTINGS,  # ESME_RINVESMCLASS
        0x44: Fault.MESSAGE,  # ESME_RCNTSUBDL
        0x45: Fault.OPERATOR,  # ESME_RSUBMITFAIL
        0x48: Fault.SETTINGS,  # ESME_RINVSRCTON
        0x49: Fault.SETTINGS,  # ESME_RINVSRCNPI
        0x50: Fault.SETTINGS,  # ESME_RINVDSTTON
        0x51: Fault.SETTINGS,  # ESME_RINVDSTNPI
        0x58: Fault.THROTTLE,  # ESME_RTHROTTLED
        0x61: Fault.SETTINGS,  # ESME_RINVSCHED
        0x62: Fault.SETTINGS,  # ESME_RINVEXPIRY
        0x64: Fault.OPERATOR,  # ESME_RX_T_APPN
        0xC0: Fault.SETTINGS,  # ESME_RINVOPTPARSTREAM
        0xC1: Fault.SETTINGS,  # ESME_ROPTPARNOTALLWD
        0xC2: Fault.SETTINGS,  # ESME_RINVPARLEN
        0xC3: Fault.SETTINGS,  # ESME_RMISSINGOPTPARAM
        0xC4: Fault.SETTINGS,  # ESME_RINVOPTPARAMVAL
    }
)


def fault_of(status: int, throttle: Collection[int] = (), message: Collection[int] = ()) -> Fault:
    """Whose fault a status other than 0 is. The operator's own settings come before the table: `throttle` means
    slower, `message` ends the one message. Whatever neither knows is the operator's."""
    if status in throttle:
        return Fault.THROTTLE
    if status in message:
        return Fault.MESSAGE
    return STATUSES.get(status, Fault.OPERATOR)

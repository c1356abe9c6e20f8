"""Numbers of SMPP 3.4 and their names, taken from smpplib where it has them."""

from typing import Final

from smpplib import consts
from smpplib.command_codes import commands

_COMMANDS: Final[dict[str, int]] = dict(commands)
_COMMAND_NAMES: Final = {code: name for name, code in _COMMANDS.items()}
_STATUS_NAMES: Final = {
    value: name.removeprefix("SMPP_") for name, value in vars(consts).items() if name.startswith("SMPP_ESME_")
}

RESPONSE: Final = 0x80000000  # the bit that makes a command its own response (SMPP 3.4, 5.1.2.1)

GENERIC_NACK: Final[int] = _COMMANDS["generic_nack"]
BIND_RECEIVER: Final[int] = _COMMANDS["bind_receiver"]
BIND_TRANSMITTER: Final[int] = _COMMANDS["bind_transmitter"]
BIND_TRANSCEIVER: Final[int] = _COMMANDS["bind_transceiver"]
SUBMIT_SM: Final[int] = _COMMANDS["submit_sm"]
SUBMIT_SM_RESP: Final[int] = _COMMANDS["submit_sm_resp"]
DELIVER_SM: Final[int] = _COMMANDS["deliver_sm"]
DELIVER_SM_RESP: Final[int] = _COMMANDS["deliver_sm_resp"]
DATA_SM: Final[int] = _COMMANDS["data_sm"]
UNBIND: Final[int] = _COMMANDS["unbind"]
UNBIND_RESP: Final[int] = _COMMANDS["unbind_resp"]
ENQUIRE_LINK: Final[int] = _COMMANDS["enquire_link"]
ENQUIRE_LINK_RESP: Final[int] = _COMMANDS["enquire_link_resp"]

ESME_ROK: Final[int] = consts.SMPP_ESME_ROK
ESME_RINVCMDLEN: Final[int] = consts.SMPP_ESME_RINVCMDLEN
ESME_RINVCMDID: Final[int] = consts.SMPP_ESME_RINVCMDID
ESME_RINVBNDSTS: Final[int] = consts.SMPP_ESME_RINVBNDSTS
ESME_RALYBND: Final[int] = consts.SMPP_ESME_RALYBND
ESME_RBINDFAIL: Final[int] = consts.SMPP_ESME_RBINDFAIL
ESME_RINVPASWD: Final[int] = consts.SMPP_ESME_RINVPASWD
ESME_RINVSYSID: Final[int] = consts.SMPP_ESME_RINVSYSID
ESME_RMSGQFUL: Final[int] = consts.SMPP_ESME_RMSGQFUL
ESME_RSUBMITFAIL: Final[int] = consts.SMPP_ESME_RSUBMITFAIL
ESME_RTHROTTLED: Final[int] = consts.SMPP_ESME_RTHROTTLED
ESME_RX_P_APPN: Final[int] = consts.SMPP_ESME_RX_P_APPN

TLV_USER_MESSAGE_REFERENCE: Final[int] = consts.OPTIONAL_PARAMS["user_message_reference"]
TLV_SAR_MSG_REF_NUM: Final[int] = consts.OPTIONAL_PARAMS["sar_msg_ref_num"]
TLV_SAR_TOTAL_SEGMENTS: Final[int] = consts.OPTIONAL_PARAMS["sar_total_segments"]
TLV_SAR_SEGMENT_SEQNUM: Final[int] = consts.OPTIONAL_PARAMS["sar_segment_seqnum"]
TLV_RECEIPTED_MESSAGE_ID: Final[int] = consts.OPTIONAL_PARAMS["receipted_message_id"]
TLV_MESSAGE_STATE: Final[int] = consts.OPTIONAL_PARAMS["message_state"]
TLV_SC_INTERFACE_VERSION: Final[int] = consts.OPTIONAL_PARAMS["sc_interface_version"]
TLV_MESSAGE_PAYLOAD: Final[int] = consts.OPTIONAL_PARAMS["message_payload"]

ESM_RECEIPT: Final = 0x04  # esm_class of a delivery receipt (SMPP 3.4, 5.2.12)
RECEIPT_ASKED: Final = 0x01  # registered_delivery: a receipt, however it ends (5.2.17)
ESM_UDHI: Final[int] = consts.SMPP_GSMFEAT_UDHI  # esm_class bit: a user data header opens the text

TON_INTERNATIONAL: Final[int] = consts.SMPP_TON_INTL
NPI_ISDN: Final[int] = consts.SMPP_NPI_ISDN


def command_name(command: int) -> str:
    """Return the command's SMPP name, `deliver_sm_resp`, or its number in hexadecimal when it has none."""
    return _COMMAND_NAMES.get(command, f"0x{command:08X}")


def status_label(status: int) -> str:
    """Return the status's name for a metric, `other` for one that SMPP does not know: labels are a closed set."""
    return status_name(status) if status in _STATUS_NAMES else "other"


def status_name(status: int) -> str:
    """Return `0x0000000F ESME_RINVSYSID`; only the number for a vendor's own status."""
    number = f"0x{status:08X}"
    name = _STATUS_NAMES.get(status)
    return f"{number} {name}" if name else number

"""submit_sm PDUs from a head that is built once for each operator."""

from struct import Struct
from typing import Final

from sms.smpp.codes import ESME_ROK, SUBMIT_SM, TLV_USER_MESSAGE_REFERENCE
from sms.smpp.pdu import HEADER_OCTETS, SHORT_MESSAGE_OCTETS_MAX, Message, build_message

_HEADER: Final = Struct(">IIII")
_REFERENCE: Final = Struct(">HHH")
_ADDRESS_CHARACTERS_MAX: Final = 20
_TIME_CHARACTERS: Final = (0, 16)  # none at all, or YYMMDDhhmmsstnnp (SMPP 3.4, 7.1.1)


class SubmitTemplate:
    """Builds the submit_sm PDUs of one operator. Only what differs between two texts is packed for each."""

    def __init__(
        self,
        *,
        source: str,
        source_ton: int = 0,
        source_npi: int = 0,
        dest_ton: int = 0,
        dest_npi: int = 0,
        service_type: str = "",
        protocol_id: int = 0,
        priority: int = 0,
    ) -> None:
        """Raises ValueError, naming the field, at a value that does not fit it."""
        self._protocol_id = protocol_id
        self._priority = priority
        empty = build_message(
            SUBMIT_SM,
            0,
            Message(
                source=source,
                dest="",
                source_ton=source_ton,
                source_npi=source_npi,
                dest_ton=dest_ton,
                dest_npi=dest_npi,
                service_type=service_type,
            ),
        )
        self._head = empty[HEADER_OCTETS : -len(b"\0" * 11)]

    def build(
        self,
        sequence: int,
        dest: str,
        short_message: bytes,
        *,
        data_coding: int = 0,
        esm_class: int = 0,
        validity: str = "",
        registered_delivery: int = 0,
        reference: int | None = None,
        tlvs: bytes = b"",
    ) -> bytes:
        """Return one submit_sm.

        `dest` is up to 20 ASCII characters, `short_message` up to 254 octets, `validity` empty or 16 ASCII characters;
        `reference` (0 to 65,535) goes out as the user_message_reference TLV, before `tlvs`, which are TLVs as they
        stand. Raises ValueError, naming the field, at text that does not fit.
        """
        octets = len(short_message)
        if octets > SHORT_MESSAGE_OCTETS_MAX:
            raise ValueError(f"short_message: more than {SHORT_MESSAGE_OCTETS_MAX} octets")
        if len(dest) > _ADDRESS_CHARACTERS_MAX or not dest.isascii() or "\0" in dest:
            raise ValueError("destination_addr: not up to 20 ASCII characters")
        if len(validity) not in _TIME_CHARACTERS or not validity.isascii() or "\0" in validity:
            raise ValueError("validity_period: neither empty nor 16 ASCII characters")
        body = (
            self._head
            + b"%b\0%c%c%c\0%b\0%c\0%c\0%c"
            % (
                dest.encode(),
                esm_class,
                self._protocol_id,
                self._priority,
                validity.encode(),
                registered_delivery,
                data_coding,
                octets,
            )
            + short_message
        )
        if reference is not None:
            body += _REFERENCE.pack(TLV_USER_MESSAGE_REFERENCE, 2, reference)
        body += tlvs
        return _HEADER.pack(HEADER_OCTETS + len(body), SUBMIT_SM, ESME_ROK, sequence) + body

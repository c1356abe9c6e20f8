"""A log of PDUs for whoever tunes a bind: a line each, with no number whole and no text at all."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self, TextIO

from sms.smpp import codes
from sms.smpp.errors import BrokenPdu
from sms.smpp.pdu import header, parse_message, payload

_WITH_A_MESSAGE: Final = frozenset({codes.DELIVER_SM, codes.SUBMIT_SM, codes.DATA_SM})
_SHORT_CHARACTERS: Final = 6  # short numbers are nobody's


class PduLog:
    """Writes to a file that its owner alone can read; `bind` names the bind in each line."""

    def __init__(self, file: TextIO, bind: str) -> None:
        self._file = file
        self._bind = bind

    @classmethod
    def open(cls, path: Path, bind: str) -> Self:
        """Go on with the file, or make it and its folder. Raises OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return cls(os.fdopen(descriptor, "a", buffering=1, encoding="ascii"), bind)

    def received(self, pdu: bytes) -> None:
        self._write("<", pdu)

    def sent(self, pdu: bytes) -> None:
        self._write(">", pdu)

    def close(self) -> None:
        self._file.close()

    def _write(self, direction: str, pdu: bytes) -> None:
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._file.write(f"{moment} {self._bind} {direction} {described(pdu)}\n")


def described(pdu: bytes) -> str:
    """A PDU in words that show no citizen: `deliver_sm status=0x00000000 ESME_ROK sequence=7 source=905...67 …`."""
    head = header(pdu)
    words = [codes.command_name(head.command), f"status={codes.status_name(head.status)}", f"sequence={head.sequence}"]
    words.append(f"octets={head.length}")
    if head.command in _WITH_A_MESSAGE:
        words += _message(pdu)
    return " ".join(words)


def _message(pdu: bytes) -> list[str]:
    try:
        message = parse_message(pdu)
    except BrokenPdu as error:
        return [f"broken={error.field.replace(' ', '_')}"]
    tlvs = ",".join(f"0x{tag:04X}" for tag in message.tlvs)
    return [
        f"source={_masked(message.source)}/{message.source_ton}/{message.source_npi}",
        f"dest={_masked(message.dest)}/{message.dest_ton}/{message.dest_npi}",
        f"esm_class=0x{message.esm_class:02X}",
        f"data_coding=0x{message.data_coding:02X}",
        f"text_octets={len(payload(message))}",
        f"tlvs={tlvs or '-'}",
    ]


def _masked(address: str) -> str:
    if len(address) <= _SHORT_CHARACTERS:
        return address if address.isascii() and address.isalnum() else "-"
    shown = address if address.isascii() and address.isalnum() else "?" * len(address)
    return f"{shown[:3]}...{shown[-2:]}"

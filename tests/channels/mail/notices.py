"""Notices and keys that several tests use."""

from datetime import date
from functools import cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from channels.mail.mailbox import Mailbox
from channels.mail.notice import MailNotice
from core.domain.clock import Instant

TOKEN: Final = "Q7m2XbT9kLw4Zp1s"
NOTICE: Final = MailNotice("MIGROS", date(2026, 11, 23), False, f"https://izin.example/r/{TOKEN}")
SENDER: Final = Mailbox.parse("bildirim@izin.example")
RECIPIENT: Final = Mailbox.parse("ayse@posta.example")
NOW: Final = Instant(1_780_000_000_000)  # 2026-05-28 23:26:40 in Istanbul
SELECTOR: Final = "s1"


@cache
def rsa_key(bits: int = 2048) -> RSAPrivateKey:
    return generate_private_key(65537, bits)


@cache
def ed25519_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def pem(key: RSAPrivateKey | Ed25519PrivateKey, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    return key.private_bytes(Encoding.PEM, form, NoEncryption())

"""dkimpy as an independent reader of signatures, with the public key where DNS would have it."""

import base64
from types import SimpleNamespace
from typing import Any

import dkim  # type: ignore[import-untyped]
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.channels.mail.notices import SELECTOR


def verifies(message: bytes, key: RSAPrivateKey | Ed25519PrivateKey, domain: str = "izin.example") -> bool:
    records = {f"{SELECTOR}._domainkey.{domain}.": _record(key)}

    def look_up(name: bytes, timeout: float = 5) -> bytes | None:
        return records.get(name.decode())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dkim, "nacl", _NACL, raising=False)
        return bool(dkim.verify(message, dnsfunc=look_up))


def _record(key: RSAPrivateKey | Ed25519PrivateKey) -> bytes:
    if isinstance(key, RSAPrivateKey):
        der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)
    return b"v=DKIM1; k=ed25519; p=" + base64.b64encode(key.public_key().public_bytes_raw())


class _BadSignature(Exception):
    pass


class _VerifyKey:
    """What dkimpy asks of PyNaCl."""

    def __init__(self, encoded: bytes, encoder: Any) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded))

    def verify(self, digest: bytes, signature: bytes) -> None:
        try:
            self._key.verify(signature, digest)
        except InvalidSignature as error:
            raise _BadSignature from error


_NACL = SimpleNamespace(
    signing=SimpleNamespace(VerifyKey=_VerifyKey),
    encoding=SimpleNamespace(Base64Encoder=None),
    exceptions=SimpleNamespace(BadSignatureError=_BadSignature, ValueError=ValueError),
)

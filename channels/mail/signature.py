"""The DKIM signature (RFC 6376, RFC 8463) under which a notice leaves.

dkimpy makes the canonical form and the hash. The key's own work is cryptography's: dkimpy's RSA takes 7 ms of the
event loop for each mail, cryptography's 0.3 ms, and its Ed25519 wants one more library.
"""

import base64
import hashlib
from typing import Final

import dkim  # type: ignore[import-untyped]
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from dkim.canonicalization import CanonicalizationPolicy  # type: ignore[import-untyped]

from core.domain.clock import Instant

SIGNED: Final = (
    *("from", "to", "subject", "date", "message-id", "list-unsubscribe", "list-unsubscribe-post"),
    *("auto-submitted", "mime-version", "content-type"),
)
"""Each is named once more than it occurs: nobody can add a second one, or one that is missing (RFC 6376, 8.15)."""

_POLICY: Final = CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
_NAME: Final = b"DKIM-Signature"
_LINE_CHARS: Final = 72


class BadKey(ValueError):
    """The signing key or its selector cannot be used."""


class Signer:
    """A domain's key, published at `<selector>._domainkey.<domain>`."""

    def __init__(self, pem: bytes, selector: str, domain: str) -> None:
        """Raises `BadKey` unless the PEM holds an unencrypted RSA or Ed25519 key, and the selector is not empty."""
        if not selector:
            raise BadKey("a DKIM key needs a selector")
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise BadKey("the DKIM key must be an unencrypted PEM file") from error
        if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
            raise BadKey("the DKIM key must be of RSA or Ed25519")
        self._key = key
        self._selector = selector
        self._domain = domain

    def header(self, message: bytes, now: Instant) -> bytes:
        """The header line, with its line ends, that goes in front of the message."""
        fields, body = dkim.rfc822_parse(message)
        body_hash = hashlib.sha256(_POLICY.canonicalize_body(body)).digest()
        names = [name for name in SIGNED for _ in range(sum(_lower(field) == name for field, _ in fields) + 1)]
        tags = (
            "v=1",
            f"a={'rsa' if isinstance(self._key, RSAPrivateKey) else 'ed25519'}-sha256",
            "c=relaxed/relaxed",
            f"d={self._domain}",
            f"s={self._selector}",
            f"t={now // 1000}",
            f"h={' : '.join(names)}",
            f"bh={base64.b64encode(body_hash).decode()}",
            "b=",
        )
        value = b" " + dkim.fold("; ".join(tags).encode(), namelen=len(_NAME))
        hasher = hashlib.sha256()
        canonical = _POLICY.canonicalize_headers(fields)
        dkim.hash_headers(hasher, _POLICY, canonical, [name.encode() for name in names], (_NAME, value), None)
        return b"%b:%b%b\r\n" % (_NAME, value, _folded(base64.b64encode(self._sign(hasher.digest()))))

    def _sign(self, digest: bytes) -> bytes:
        if isinstance(self._key, RSAPrivateKey):
            return self._key.sign(digest, PKCS1v15(), Prehashed(SHA256()))
        return self._key.sign(digest)


def _lower(name: bytes) -> str:
    return name.decode("ascii").lower()


def _folded(signature: bytes) -> bytes:
    lines = (signature[start : start + _LINE_CHARS] for start in range(0, len(signature), _LINE_CHARS))
    return b"".join(b"\r\n " + line for line in lines)

"""Cookies that hold what the pages must remember of a citizen, sealed: the server itself remembers nothing."""

import base64
import binascii
import hmac
import json
import os
import secrets
from typing import Final, Literal, NamedTuple

from aiohttp import web
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.domain.clock import Clock, Instant
from core.domain.recipients import Msisdn

PATH: Final = "/izinler"
KEY_OCTETS_MIN: Final = 32
_NONCE_OCTETS: Final = 12

Purpose = Literal["kod", "izin"]
"""The cookie's name. `kod`: a code was sent to the number; `izin`: the code proved who holds it."""


class Visit(NamedTuple):
    """The contents of a cookie. `secret` stands in the forms of the visit, so that no other site can post them."""

    number: Msisdn
    ends_at: Instant
    secret: str

    @property
    def tail(self) -> str:
        """The last two digits, by which the citizen knows whose list it is."""
        return self.number.reveal()[-2:]

    def wrote(self, secret: str | None) -> bool:
        """True if a form that came with this secret is one of ours."""
        return hmac.compare_digest((secret or "").encode(errors="replace"), self.secret.encode())


class Visits:
    """Makes and reads the cookies. A visit ends after `visit_s` seconds, however much is done in it; a copy of its
    cookie ends with it and not with the sign-out."""

    def __init__(self, key: bytes, clock: Clock, visit_s: float, *, is_https: bool) -> None:
        if len(key) < KEY_OCTETS_MIN:
            raise ValueError(f"the key has fewer than {KEY_OCTETS_MIN} octets")
        derived = HKDF(SHA256(), length=32, salt=None, info=b"izinhatti link pages: visits").derive(key)
        self._cipher = AESGCM(derived)
        self._clock = clock
        self._visit_ms = round(visit_s * 1000)
        self._is_https = is_https

    def begin(self, response: web.StreamResponse, purpose: Purpose, number: Msisdn) -> None:
        visit = Visit(number, Instant(self._clock() + self._visit_ms), secrets.token_urlsafe(16))
        response.set_cookie(
            purpose,
            self._seal(purpose, visit),
            path=PATH,
            max_age=max(1, self._visit_ms // 1000),
            httponly=True,
            secure=self._is_https,
            samesite="Strict",
        )

    def end(self, response: web.StreamResponse, purpose: Purpose) -> None:
        response.del_cookie(purpose, path=PATH, httponly=True, secure=self._is_https, samesite="Strict")

    def of(self, request: web.Request, purpose: Purpose) -> Visit | None:
        """The visit that the request belongs to; None: no cookie, not ours, or over."""
        visit = self._open(purpose, request.cookies.get(purpose, ""))
        return visit if visit is not None and self._clock() < visit.ends_at else None

    def _seal(self, purpose: Purpose, visit: Visit) -> str:
        nonce = os.urandom(_NONCE_OCTETS)
        content = json.dumps([visit.number.reveal(), visit.ends_at, visit.secret]).encode()
        return base64.urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, content, purpose.encode())).decode()

    def _open(self, purpose: Purpose, sealed: str) -> Visit | None:
        try:
            octets = base64.b64decode(sealed.encode("ascii"), altchars=b"-_", validate=True)
            content = self._cipher.decrypt(octets[:_NONCE_OCTETS], octets[_NONCE_OCTETS:], purpose.encode())
        except (UnicodeEncodeError, binascii.Error, InvalidTag, ValueError):
            return None
        number, ends_at, secret = json.loads(content)
        return Visit(Msisdn.parse(number), Instant(ends_at), secret)

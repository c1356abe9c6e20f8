"""An e-mail address in the one form that SMTP and a header take without quoting."""

import re
from typing import Final

from core.domain.recipients import Address, BadAddress

_CHARS_MAX: Final = 320  # a local part, the sign and a domain
_LOCAL_OCTETS_MAX: Final = 64  # RFC 5321, 4.5.3.1.1
_DOMAIN_CHARS_MAX: Final = 253
# RFC 5322, 3.2.3, and every letter beyond ASCII (RFC 6531, 3.3).
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010FFFF-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_LOCAL: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}")


class Mailbox(Address):
    """`local@domain`, the domain in ASCII (IDNA).

    A registered address may hold what only a quoted or commented address may (`(x)a@b.example`); a mail program that
    reads it otherwise than it was meant would hand a citizen's link to somebody else. Such an address gets no mail.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "Mailbox":
        """Raises `BadAddress`."""
        local, at, domain = text[: _CHARS_MAX + 1].rpartition("@")
        try:
            domain = domain.encode("idna").decode("ascii")
            octets = len(local.encode())
        except UnicodeError as error:
            raise BadAddress("not an address to mail to") from error
        is_local = octets <= _LOCAL_OCTETS_MAX and local.isprintable() and _LOCAL.fullmatch(local)
        is_domain = len(domain) <= _DOMAIN_CHARS_MAX and _DOMAIN.fullmatch(domain)
        if not at or not is_local or not is_domain or len(text) > _CHARS_MAX:
            raise BadAddress("not an address to mail to")
        return cls(f"{local}@{domain}")

    @property
    def domain(self) -> str:
        return self._whole.rpartition("@")[2]

    @property
    def needs_utf8(self) -> bool:
        """True if only a server with SMTPUTF8 (RFC 6531) can take it."""
        return not self._whole.isascii()

    def masked(self) -> str:
        return f"…@{self.domain}"

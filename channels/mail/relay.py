"""The mail server that notices are handed to, as `[mail] smtp` names it."""

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from channels.mail.loopback import is_loopback


class Relay(NamedTuple):
    """`implicit_tls` is smtps. `starttls` is True where a password must not travel in clear, None where encryption is
    taken if it is offered, False on this machine, where it protects nothing."""

    host: str
    port: int
    username: str | None
    password: str | None
    implicit_tls: bool
    starttls: bool | None

    @classmethod
    def parse(cls, url: str) -> "Relay":
        """Read `smtp://host:port` or `smtps://user:password@host`, checked before
        (`channels.settings.setting_types`). Ports default to 25 and 465."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        implicit_tls = parts.scheme == "smtps"
        username = unquote(parts.username) if parts.username else None
        starttls = False if implicit_tls or is_loopback(host) else True if username else None
        return cls(
            host,
            parts.port or (465 if implicit_tls else 25),
            username,
            unquote(parts.password) if username and parts.password else None,
            implicit_tls,
            starttls,
        )

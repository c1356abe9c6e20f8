"""Values that settings are made of: each is checked once, when it is read."""

import re
from collections.abc import Callable
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, NamedTuple, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    SecretStr,
    ValidationInfo,
)

MASK = "***"
CHARSETS = ("gsm7", "packed", "ascii", "latin1", "latin5", "ucs2", "utf-8", "windows-1254")
SQLITE = "sqlite+aiosqlite:///"
POSTGRESQL = "postgresql+asyncpg://"

_YEARS_10_S = 315_360_000
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_HOURS = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)", re.ASCII)

T = TypeVar("T")


class Address(NamedTuple):
    """Where to listen. Port 0 lets the system choose a free one; an IPv6 host stands without brackets."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `127.0.0.1:4573`, `localhost:80` or `[::1]:80`; raise ValueError for anything else."""
        host, _, port = text.rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        name = host[1:-1] if bracketed else host
        if not _HOST.fullmatch(name) or (":" in name) != bracketed:
            raise ValueError("must be host:port")
        if not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
            raise ValueError("must be host:port with a port of 0 to 65535")
        return cls(name, int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Hours(NamedTuple):
    """A span of the day in minutes after midnight, Türkiye time: 0 <= start_min < end_min <= 1440."""

    start_min: int
    end_min: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `09:00-21:00`, up to `24:00`; raise ValueError for anything else."""
        match = _HOURS.fullmatch(text)
        if match is None:
            raise ValueError("must be hours like 09:00-21:00")
        start_h, start_m, end_h, end_m = map(int, match.groups())
        start, end = start_h * 60 + start_m, end_h * 60 + end_m
        if not start < end <= 1440:
            raise ValueError("must start before it ends, on the same day")
        return cls(start, end)

    def __str__(self) -> str:
        return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in self)


def _day(value: object) -> object:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text)


def _reader(kind: type[T] | tuple[type[T], ...], parse: Callable[[str], T]) -> Callable[[object], T]:
    def read(value: object) -> T:
        if isinstance(value, kind):
            return value
        if not isinstance(value, str):
            raise ValueError("must be a string")
        return parse(value)

    return read


def _under(folder: object, path: str) -> Path:
    """Count a relative path from the settings file's folder, which is the context of the validation."""
    return folder / path if isinstance(folder, Path) else Path(path)


def _file(value: object, info: ValidationInfo) -> Path:
    path = str(value) if isinstance(value, str | Path) else ""
    if not path or "\0" in path:
        raise ValueError("must be the path of a file or folder")
    return _under(info.context, path)


def _optional_file(value: object, info: ValidationInfo) -> Path | None:
    return None if value is None or value == "" else _file(value, info)


def _database_url(url: str, info: ValidationInfo) -> str:
    if url.startswith(SQLITE):
        path, question, options = url.removeprefix(SQLITE).partition("?")
        if path in ("", ":memory:"):
            raise ValueError("must name a file: a consent must outlive the process")
        return f"{SQLITE}{_under(info.context, path)}{question}{options}"
    if url.startswith(POSTGRESQL):
        try:
            parts = urlsplit(url)
            _ = parts.port  # raises for one that is none
        except ValueError:
            raise ValueError(f"must be like {POSTGRESQL}user:password@host:port/database") from None
        if not parts.path.strip("/"):
            raise ValueError("must name a database behind the host")
        return url
    raise ValueError(f"must begin with {SQLITE} or {POSTGRESQL}")


def _url(*schemes: str) -> Callable[[str], str]:
    def check(url: str) -> str:
        try:
            parts = urlsplit(url)
            whole = parts.scheme in schemes and parts.hostname and parts.port != 0
        except ValueError:  # its text may hold a piece of a password
            whole = False
        if not whole or "?" in url or "#" in url:
            raise ValueError(f"must be like {' or '.join(f'{scheme}://host:port' for scheme in schemes)}")
        return url.rstrip("/")

    return check


def _ascii(text: str) -> str:
    if not (text.isascii() and text.isprintable()) and text:
        raise ValueError("must be printable ASCII")
    return text


def _ascii_secret(secret: SecretStr) -> SecretStr:
    _ascii(secret.get_secret_value())
    return secret


def _tlvs(tlvs: dict[str, str]) -> dict[str, str]:
    for tag, octets in tlvs.items():
        if not re.fullmatch(r"0x[0-9A-Fa-f]{1,4}", tag):
            raise ValueError("must map tags like 0x1403 to octets")
        if not re.fullmatch(r"([0-9A-Fa-f]{2}){0,254}", octets):
            raise ValueError(f"{tag} must be up to 254 octets in hexadecimal")
    if len({int(tag, 16) for tag in tlvs}) < len(tlvs):
        raise ValueError("must name each tag once")
    return tlvs


def _charsets(charsets: dict[str, str]) -> dict[str, str]:
    for coding, alphabet in charsets.items():
        if not re.fullmatch(r"0|[1-9][0-9]{0,2}", coding) or int(coding) > 255:
            raise ValueError("must map a data_coding of 0 to 255 to an alphabet")
        if alphabet not in CHARSETS:
            raise ValueError(f"{coding} must be one of {', '.join(CHARSETS)}")
    return charsets


def mask_url(url: str) -> str:
    """Replace the password in a URL, in the authority or as an option."""
    url = re.sub(r"(?<=://)([^:/@]*):.*@", rf"\1:{MASK}@", url)
    return re.sub(r"(?<=[?&]password=)[^&]*", MASK, url)


def _mask(secret: SecretStr) -> str:
    return MASK if secret.get_secret_value() else ""


Seconds = Annotated[float, Field(gt=0, le=_YEARS_10_S, allow_inf_nan=False)]
SecondsOrOff = Annotated[float, Field(ge=0, le=_YEARS_10_S, allow_inf_nan=False)]
Limit = Annotated[int, Field(ge=0, le=1_000_000_000)]
Port = Annotated[int, Field(ge=1, le=65535)]
Octet = Annotated[int, Field(ge=0, le=255)]
Tag = Annotated[int, Field(ge=0, le=0xFFFF)]
RefusalStatus = Annotated[int, Field(ge=1, le=0xFFFFFFFF)]
Tlvs = Annotated[dict[str, str], AfterValidator(_tlvs)]
Charsets = Annotated[dict[str, str], AfterValidator(_charsets)]
Ascii = Annotated[str, AfterValidator(_ascii)]
Secret = Annotated[SecretStr, AfterValidator(_ascii_secret), PlainSerializer(_mask)]
Day = Annotated[date, BeforeValidator(_day)]
Listen = Annotated[Address, PlainValidator(_reader(Address, Address.parse)), PlainSerializer(str)]
OpenHours = Annotated[Hours, PlainValidator(_reader(Hours, Hours.parse)), PlainSerializer(str)]
Network = Annotated[
    IPv4Network | IPv6Network,
    PlainValidator(_reader((IPv4Network, IPv6Network), _network)),
    PlainSerializer(str),
]
File = Annotated[Path, PlainValidator(_file), PlainSerializer(str)]
OptionalFile = Annotated[Path | None, PlainValidator(_optional_file), PlainSerializer(lambda p: p and str(p))]
DatabaseUrl = Annotated[str, AfterValidator(_database_url), PlainSerializer(mask_url), Field(repr=False)]
WebUrl = Annotated[str, AfterValidator(_url("http", "https"))]
SmtpUrl = Annotated[str, AfterValidator(_url("smtp", "smtps")), PlainSerializer(mask_url), Field(repr=False)]

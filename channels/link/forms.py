"""Bodies of POST requests, read within a size and a time."""

import asyncio
import re
from collections.abc import Iterable
from email.message import Message
from email.parser import BytesParser
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from aiohttp import web

BODY_MAX: Final = 65_536  # octets
BODY_S: Final = 10.0
FIELDS_MAX: Final = 100

_ONE_CLICK: Final = re.compile(rb"(?:^|[&\s])list-unsubscribe\s*=\s*one-click(?:$|[&\s])", re.IGNORECASE)


class Form(NamedTuple):
    """A body: its octets as they came, and the values of each field."""

    raw: bytes
    fields: dict[str, list[str]]

    def only(self, name: str) -> str | None:
        """The value of a field that occurs once, else None."""
        values = self.fields.get(name, ())
        return values[0] if len(values) == 1 else None

    @property
    def is_one_click(self) -> bool:
        """True where the body holds the pair of RFC 8058, 3.2, whatever the mail program made of its case, its line
        ends and the type that it names."""
        pairs = ((name, value) for name, values in self.fields.items() for value in values)
        return bool(_ONE_CLICK.search(self.raw)) or any(map(_is_one_click, pairs))


async def read_form(request: web.Request) -> Form:
    """Read a form, urlencoded or multipart; a body of another kind has no fields.

    Raises HTTPRequestEntityTooLarge (before it is read, where its length is told), HTTPRequestTimeout and
    HTTPBadRequest.
    """
    raw = await read_body(request)
    fields: dict[str, list[str]] = {}
    for name, value in _pairs(request, raw):
        fields.setdefault(name, []).append(value)
    return Form(raw, fields)


async def read_body(request: web.Request) -> bytes:
    """The octets of the body; once read, they are there at once. Raises as `read_form`."""
    if request.content_length is not None and request.content_length > BODY_MAX:
        raise web.HTTPRequestEntityTooLarge(BODY_MAX, request.content_length)
    try:
        async with asyncio.timeout(BODY_S):
            return await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except (web.RequestPayloadError, ConnectionResetError):  # the latter where the client has hung up
        raise web.HTTPBadRequest from None


def _pairs(request: web.Request, raw: bytes) -> Iterable[tuple[str, str]]:
    if request.content_type == "multipart/form-data":
        return _parts(request.headers["Content-Type"], raw)
    # Some mail clients name no type for the one-click body; aiohttp then says octet-stream.
    if request.content_type not in ("application/x-www-form-urlencoded", "application/octet-stream"):
        return ()
    try:
        return parse_qsl(raw.decode(errors="replace"), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError:
        raise web.HTTPBadRequest from None


def _parts(content_type: str, raw: bytes) -> Iterable[tuple[str, str]]:
    """The parts of RFC 7578, which do not nest. Parsing whatever nests would let a small body cost much."""
    boundary = _headers(f"Content-Type: {content_type}".encode(errors="replace")).get_boundary()
    if not boundary:
        raise web.HTTPBadRequest
    parts = (b"\r\n" + raw).split(b"\r\n--" + boundary.encode(errors="replace"), FIELDS_MAX + 2)[1:-1]
    if len(parts) > FIELDS_MAX:
        raise web.HTTPBadRequest
    for part in parts:
        head, _, value = part.partition(b"\r\n\r\n")
        name = _headers(head.lstrip()).get_param("name", header="content-disposition")
        if isinstance(name, str):
            yield name, value.decode(errors="replace")


def _is_one_click(pair: tuple[str, str]) -> bool:
    return tuple(part.strip().lower() for part in pair) == ("list-unsubscribe", "one-click")


def _headers(octets: bytes) -> Message:
    return BytesParser().parsebytes(octets, headersonly=True)

"""Bodies of POST requests, read within a size and a time."""

import asyncio
from collections.abc import Iterable
from email.message import Message
from email.parser import BytesParser
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from aiohttp import web

BODY_MAX: Final = 65_536  # octets
BODY_S: Final = 10.0
FIELDS_MAX: Final = 100


class Form(NamedTuple):
    """A body: its octets as they came, and the values of each field."""

    raw: bytes
    fields: dict[str, list[str]]

    def only(self, name: str) -> str | None:
        """The value of a field that occurs once, else None."""
        values = self.fields.get(name, ())
        return values[0] if len(values) == 1 else None


async def read_form(request: web.Request) -> Form:
    """Read a form, urlencoded or multipart; a body of another kind has no fields.

    Raises HTTPRequestEntityTooLarge (before it is read, where its length is told), HTTPRequestTimeout and
    HTTPBadRequest.
    """
    if request.content_length is not None and request.content_length > BODY_MAX:
        raise web.HTTPRequestEntityTooLarge(BODY_MAX, request.content_length)
    try:
        async with asyncio.timeout(BODY_S):
            raw = await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except web.RequestPayloadError:
        raise web.HTTPBadRequest from None
    fields: dict[str, list[str]] = {}
    for name, value in _pairs(request, raw):
        fields.setdefault(name, []).append(value)
    return Form(raw, fields)


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


def _headers(octets: bytes) -> Message:
    return BytesParser().parsebytes(octets, headersonly=True)

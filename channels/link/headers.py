"""Headers of every response, errors included."""

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

_ALWAYS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_HSTS: Final = "max-age=31536000"  # seconds: a year


def header_adder(*, is_https: bool) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """A signal handler for `on_response_prepare`. Nothing may be kept by a cache unless a handler said otherwise."""
    always = {**_ALWAYS, "Strict-Transport-Security": _HSTS} if is_https else _ALWAYS

    async def add(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(always)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.popall("Server", None)

    return add

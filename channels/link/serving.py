"""Serving of the pages: what is logged of a request, and how long a slow client is waited for."""

import asyncio
import logging
import re
from typing import Final

import structlog
from aiohttp import web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.http import HttpProcessingError
from aiohttp.typedefs import Handler, Middleware

from channels.link.forms import read_body

KEEPALIVE_S: Final = 60.0  # also how long the first request of a connection may take to come: a crowd is served slowly
HANDLED_MAX: Final = 200  # a group commit's worth
LINGER_S: Final = 2.0  # how long a body that was refused is still read, so that its sender sees the answer
SHUTDOWN_S: Final = 5.0  # of a client that is slow at the end: the book has to be closed in timing.shutdown_s
LINE_MAX: Final = 32_768  # octets of the request line: longer addresses are cut off before any page sees them
_PARAMETER: Final = re.compile(r"\{[^}]*\}")

_log = structlog.get_logger(component="link")


PLACE: Final = web.RequestKey("place", str)
"""Under this name a request carries its path as logs show it, once it has come to a route."""


def masked_path(request: web.Request) -> str:
    """`/r/***`, `/islem/***`; of an address that no page has, and of a query, nothing."""
    resource = request.match_info.route.resource
    return "***" if resource is None else _PARAMETER.sub("***", resource.canonical)


class AccessLog(AbstractAccessLogger):
    """One line a request, without address, query, cookie and secret."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        _log.info(
            "page",
            method=request.method if request.method in ("GET", "HEAD", "POST") else "other",
            path=request.get(PLACE, "***"),
            status=response.status,
            ms=round(time * 1000, 1),
        )


def concurrency_limit(most: int = HANDLED_MAX) -> Middleware:
    """Lets so many requests be handled at one time; the others wait in the order in which they came. Without it a
    crowd's requests would all be worked on in one turn of the loop, which then accepts nobody for seconds."""
    gate = asyncio.Semaphore(most)

    @web.middleware
    async def wait(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.can_read_body and request.match_info.http_exception is None:
            await read_body(request)  # before the gate: hundreds of half-sent bodies must not keep it shut
        async with gate:
            return await handler(request)

    return wait


def link_runner(app: web.Application) -> web.AppRunner:
    """Runs the pages' application."""
    return web.AppRunner(
        app,
        access_log_class=AccessLog,
        logger=_quiet_logger(),
        keepalive_timeout=KEEPALIVE_S,
        shutdown_timeout=SHUTDOWN_S,
        lingering_time=LINGER_S,
        max_line_size=LINE_MAX,
        auto_decompress=False,
    )


def _quiet_logger() -> logging.Logger:
    """aiohttp's own complaints, without an error's words, which repeat what the client sent. What is no HTTP at all is
    the client's fault and has its access line."""
    logger = logging.getLogger("izinhatti.link.http")
    logger.addFilter(_without_words)
    return logger


def _without_words(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        record.msg, record.args, record.exc_info = "bad request: %s", (type(error).__name__,), None
    return not isinstance(error, HttpProcessingError)

"""The demo's page: a phone to text the line from, and beside it the registry and the ledger as they change.

A number travels in request bodies only, never in an address. What the page shows comes as one stream of JSON lines,
`{"part", "html"}`, in answer to a POST that names the number; `{"part": "message", "id"}` adds or replaces one bubble.
"""

import asyncio
import json
import re
import tomllib
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import aiohttp_jinja2
import jinja2
from aiohttp import web

from channels.demo.conversations import Conversations, TooManyWatchers
from channels.demo.line import Line, LineBusy
from channels.demo.registry import View
from core.domain.clock import Instant, istanbul
from core.domain.recipients import BadAddress, Msisdn
from core.domain.text import storable

SAMPLE_NUMBER: Final = "+905320000001"
TEXT_MAX: Final = 600  # characters
BODY_MAX: Final = 16_384  # octets
REFRESH_S: Final = 2.0  # the registry is looked into at least so often: other processes change it too
WRITE_TIMEOUT_S: Final = 10.0
LANGUAGES: Final = {"tr": "Türkçe", "en": "English"}
SUGGESTIONS: Final = ("RET", "2 5", "RET MIGROS", "RET HEPSİ", "DURUM", "RET BİLİNMEYEN")

_HERE: Final = Path(__file__).parent
_TEXTS: Final[dict[str, dict[str, Any]]] = {
    language: tomllib.loads((_HERE / "texts" / f"{language}.toml").read_text("utf-8")) for language in LANGUAGES
}
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]+")


class Asked(NamedTuple):
    """The body of a POST, checked as far as every POST needs it."""

    sender: Msisdn
    text: str
    language: str


def phone_app(
    line: Line, conversations: Conversations, pages_url: str, voice_address: str | None = None
) -> web.Application:
    """The page over a line; `conversations` also gets the line's answers, from whoever receives them. `pages_url` is
    where the link pages are; `voice_address` what a softphone calls, None where the line cannot be called."""
    app = web.Application(client_max_size=BODY_MAX)
    env = aiohttp_jinja2.setup(
        app, loader=jinja2.FileSystemLoader(_HERE / "templates"), trim_blocks=True, undefined=jinja2.StrictUndefined
    )
    env.filters["clock"] = _clock
    env.filters["moment"] = _moment
    page = _Page(line, conversations, env, pages_url, voice_address)
    app.router.add_get("/", page.show)
    app.router.add_post("/send", page.send)
    app.router.add_post("/watch", page.watch)
    app.router.add_static("/static", _HERE / "static")
    app.on_response_prepare.append(_add_headers)
    app.on_shutdown.append(page.close)
    return app


class _Page:
    def __init__(
        self,
        line: Line,
        conversations: Conversations,
        env: jinja2.Environment,
        pages_url: str,
        voice_address: str | None,
    ) -> None:
        self._line = line
        self._conversations = conversations
        self._env = env
        self._pages_url = pages_url
        self._voice_address = voice_address

    async def show(self, request: web.Request) -> web.Response:
        language = _language(request.query.get("lang"))
        html = self._render(
            "page",
            language,
            lang=language,
            languages=LANGUAGES,
            number=self._line.number,
            sample=SAMPLE_NUMBER,
            pages_url=self._pages_url,
            voice_address=self._voice_address,
            suggestions=SUGGESTIONS,
        )
        return web.Response(text=html, content_type="text/html", charset="utf-8")

    async def send(self, request: web.Request) -> web.Response:
        """Text the line. 204 once the message's state is known; the page learns it from its stream."""
        asked = await _asked(request)
        if not asked.text:
            raise _refusal(asked.language, "empty_text", "text")
        if len(asked.text) > TEXT_MAX:
            raise _refusal(asked.language, "long_text", "text")
        number = asked.sender.reveal()
        message = self._conversations.send(number, asked.text)
        try:
            await self._line.deliver(asked.sender, asked.text)
        except LineBusy:
            self._conversations.settle(number, message.id, "failed")
        else:
            self._conversations.settle(number, message.id, "delivered")
        return web.Response(status=204)

    async def watch(self, request: web.Request) -> web.StreamResponse:
        """Stream what the page shows for a number, for as long as the page is open."""
        asked = await _asked(request)
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        try:
            with self._conversations.watching() as changed:
                await response.prepare(request)
                async with aclosing(self._news(asked, changed)) as news:
                    async for lines in news:
                        await _write(response, lines)
        except TooManyWatchers:
            raise _refusal(asked.language, "too_many", "page", web.HTTPServiceUnavailable) from None
        except (ConnectionResetError, TimeoutError):
            return response  # the page is gone, or does not read: if it is still there it asks again
        return response

    async def close(self, _app: web.Application) -> None:
        self._conversations.close()

    async def _news(self, asked: Asked, changed: asyncio.Event) -> AsyncGenerator[list[dict[str, str]]]:
        """The next parts to write, at each change and at least every `REFRESH_S`."""
        shown = _Shown(self._env, _TEXTS[asked.language])
        number = asked.sender.reveal()
        while not self._conversations.closed:
            changed.clear()
            if messages := shown.messages(self._conversations, number):
                yield messages
            yield shown.view(await self._look(asked.sender))
            with suppress(TimeoutError):
                async with asyncio.timeout(REFRESH_S):
                    await changed.wait()

    async def _look(self, number: Msisdn) -> View | None:
        try:
            return await self._line.look(number)
        except LineBusy:
            return None

    def _render(self, template: str, language: str, **context: object) -> str:
        return self._env.get_template(f"{template}.html").render(t=_TEXTS[language], **context)


class _Shown:
    """State of one page as it was sent last, so that only what differs is sent."""

    def __init__(self, env: jinja2.Environment, texts: dict[str, Any]) -> None:
        self._env = env
        self._texts = texts
        self._version = -1
        self._parts: dict[str, str] = {}

    def messages(self, conversations: Conversations, number: str) -> list[dict[str, str]]:
        """First the whole conversation, then what is new in it."""
        new = conversations.since(number, max(self._version, 0))
        htmls = {f"m{message.id}": self._render("message", message=message) for message in new}
        is_first = self._version < 0
        self._version = max([0, self._version, *(message.version for message in new)])
        if is_first:
            return [{"part": "messages", "html": "".join(htmls.values())}]
        return [{"part": "message", "id": name, "html": html} for name, html in htmls.items()]

    def view(self, view: View | None) -> list[dict[str, str]]:
        """The panels that differ; None leaves them and says that they are not fresh."""
        parts = {"note": "" if view else str(self._texts["stale"])}
        if view:
            parts |= {name: self._render(name, view=view) for name in ("registry", "ledger")}
        changed = [{"part": name, "html": html} for name, html in parts.items() if self._parts.get(name) != html]
        self._parts |= parts
        return changed

    def _render(self, template: str, **context: object) -> str:
        return self._env.get_template(f"{template}.html").render(t=self._texts, **context)


async def _write(response: web.StreamResponse, lines: list[dict[str, str]]) -> None:
    """Write the lines, or an empty one to find out that a page is gone. A page that does not read loses its stream."""
    octets = b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines) or b"\n"
    async with asyncio.timeout(WRITE_TIMEOUT_S):
        await response.write(octets)


async def _asked(request: web.Request) -> Asked:
    """Read `{"from", "text"?, "lang"?}`. JSON only: another site's page cannot send that here without being asked."""
    if request.content_type != "application/json":
        raise _refusal("tr", "bad_request", "page", web.HTTPUnsupportedMediaType)
    try:
        body = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise _refusal("tr", "bad_request", "page") from None
    if not isinstance(body, dict) or not all(isinstance(value, str) for value in body.values()):
        raise _refusal("tr", "bad_request", "page")
    language = _language(body.get("lang"))
    try:
        sender = Msisdn.parse(body.get("from", ""))
    except BadAddress:
        raise _refusal(language, "bad_number", "from") from None
    return Asked(sender, storable(_CONTROLS.sub(" ", body.get("text", ""))).strip(), language)


def _language(wanted: str | None) -> str:
    return wanted if wanted in LANGUAGES else "tr"


def _refusal(language: str, text: str, field: str, kind: type[web.HTTPError] = web.HTTPBadRequest) -> web.HTTPError:
    """A refusal that the page shows beside the field it is about."""
    body = json.dumps({"field": field, "error": _TEXTS[language][text]}, ensure_ascii=False)
    return kind(text=body, content_type="application/json")


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)


def _clock(at: Instant) -> str:
    return f"{istanbul(at):%H:%M}"


def _moment(at: Instant) -> str:
    return f"{istanbul(at):%d.%m.%Y %H:%M}"

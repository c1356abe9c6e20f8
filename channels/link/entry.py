"""`/izinler`: the number, the code that goes to it, and the way in and out. What is shown never depends on whose
number it is."""

import re
from typing import Final

from aiohttp import web

from channels.link.forms import read_form
from channels.link.limits import Guesses, address_key
from channels.link.pages import Pages, href, language_of
from channels.link.port import LinkPort
from channels.link.session_cookie import Visit, Visits
from core.domain.recipients import BadAddress, Msisdn

_CODE: Final = re.compile(r"[0-9]{6}")
_SPACING: Final = re.compile(r"[\s\-]+")
_NUMBER_LETTERS_MAX: Final = 40


class EntryPages:
    """Nothing is kept between the forms but a sealed cookie."""

    def __init__(self, port: LinkPort, pages: Pages, guesses: Guesses, visits: Visits, origin: str) -> None:
        self._port = port
        self._pages = pages
        self._guesses = guesses
        self._visits = visits
        self._origin = origin

    async def ask_number(self, request: web.Request) -> web.Response:
        if self._visits.of(request, "izin"):
            raise self._to("/izinler/liste", request)
        return self._pages.show(request, "number", error=None, is_over="son" in request.query)

    async def send_code(self, request: web.Request) -> web.Response:
        """Send a code to the number that was typed, and answer alike whatever the number."""
        form = await read_form(request)
        self._refuse_strangers(request)
        self._guesses.count(address_key(request))
        try:
            number = Msisdn.parse((form.only("numara") or "")[:_NUMBER_LETTERS_MAX])
        except BadAddress:
            return self._pages.show(request, "number", status=400, error="number.wrong", is_over=False)
        await self._port.send_code(number)
        asked = self._to("/izinler/kod", request)
        self._visits.begin(asked, "kod", number)
        raise asked

    async def ask_code(self, request: web.Request) -> web.Response:
        if self._visits.of(request, "kod") is None:
            raise self._to("/izinler", request, son=1)
        return self._pages.show(request, "code", error=None)

    async def prove(self, request: web.Request) -> web.Response:
        """Take the code. A text that cannot be one does not count as a try."""
        form = await read_form(request)
        self._refuse_strangers(request)
        visit = self._visits.of(request, "kod")
        if visit is None:
            raise self._to("/izinler", request, son=1)
        self._guesses.count(address_key(request))
        code = _SPACING.sub("", form.only("kod") or "")
        if not _CODE.fullmatch(code):
            return self._pages.show(request, "code", status=400, error="code.no_code")
        if not await self._port.prove(visit.number, code, form.raw):
            return self._pages.show(request, "code", status=400, error="code.wrong")
        entered = self._to("/izinler/liste", request)
        self._visits.end(entered, "kod")
        self._visits.begin(entered, "izin", visit.number)
        raise entered

    async def leave(self, request: web.Request) -> web.Response:
        form = await read_form(request)
        self.proven_form(request, form.only("csrf"))
        left = self._to("/izinler", request)
        self._visits.end(left, "izin")
        raise left

    def proven(self, request: web.Request) -> Visit:
        """The visit of somebody whose code was right. Raises HTTPSeeOther to the number form."""
        visit = self._visits.of(request, "izin")
        if visit is None:
            raise self._to("/izinler", request, son=1)
        return visit

    def proven_form(self, request: web.Request, secret: str | None) -> Visit:
        """The same for a form, which must be one of ours. Raises HTTPForbidden too."""
        self._refuse_strangers(request)
        visit = self.proven(request)
        if not visit.wrote(secret):
            raise web.HTTPForbidden
        return visit

    def _refuse_strangers(self, request: web.Request) -> None:
        """Another site's form. Our own comes with `Origin: null`, because its page sends no referrer (Fetch, "append a
        request Origin header"); a browser too old to say more is held off by the visit's secret."""
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None and site not in ("same-origin", "none"):
            raise web.HTTPForbidden
        if site is None and request.headers.get("Origin", "null") not in ("null", self._origin):
            raise web.HTTPForbidden

    def _to(self, path: str, request: web.Request, **query: object) -> web.HTTPSeeOther:
        return web.HTTPSeeOther(href(path, language_of(request), **query))

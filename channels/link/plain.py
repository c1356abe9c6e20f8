"""The pages that need no proof: the start, the help, the state of a receipt, and what browsers fetch by themselves."""

import io
from typing import Final

import segno
from aiohttp import web

from channels.link.limits import Guesses, address_key
from channels.link.pages import ICON, STYLE, Pages
from channels.link.port import LinkPort
from core.domain.receipts import read_back

_FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
_A_DAY: Final = {"Cache-Control": "public, max-age=86400"}


class PlainPages:
    def __init__(self, port: LinkPort, pages: Pages, guesses: Guesses, public_url: str) -> None:
        self._port = port
        self._pages = pages
        self._guesses = guesses
        self._public_url = public_url

    async def start(self, request: web.Request) -> web.Response:
        return self._pages.show(request, "start")

    async def help(self, request: web.Request) -> web.Response:
        return self._pages.show(request, "help")

    async def receipt(self, request: web.Request) -> web.Response:
        """Time and state of an act. A receipt is short enough to be guessed, so that too many guesses close this page,
        unlike a link's, to their address."""
        receipt = read_back(request.match_info["receipt"])
        self._guesses.refuse_if_full(address_key(request))
        state = await self._port.receipt(receipt) if receipt else None
        if state is None:
            self._guesses.count(address_key(request))
            return self._pages.show(request, "no_receipt", status=404)
        return self._pages.show(request, "receipt", state=state)

    async def qr_code(self, request: web.Request) -> web.Response:
        """The address of a receipt's page as a drawing. It is fetched by who looks at the receipt: drawn into the page
        it would cost a refusal more than all the rest of it. Tells nothing: any well-formed receipt has one."""
        receipt = read_back(request.match_info["receipt"])
        if receipt is None:
            raise web.HTTPNotFound
        # Any mask can be read; to try all eight for the one that ISO/IEC 18004 likes best takes four times as long.
        code = segno.make(f"{self._public_url}/islem/{receipt}", micro=False, error="m", mask=3)
        drawing = io.BytesIO()
        code.save(drawing, kind="svg", scale=4, light="#fff")
        return web.Response(body=drawing.getvalue(), content_type="image/svg+xml", headers=_FOR_EVER)


async def robots(_request: web.Request) -> web.Response:
    return web.Response(text="User-agent: *\nDisallow: /\n", headers=_A_DAY)


async def style(_request: web.Request) -> web.Response:
    return web.Response(body=STYLE, content_type="text/css", charset="utf-8", headers=_FOR_EVER)


async def icon(request: web.Request) -> web.Response:
    headers = _A_DAY if request.path == "/favicon.ico" else _FOR_EVER
    return web.Response(body=ICON, content_type="image/svg+xml", headers=headers)

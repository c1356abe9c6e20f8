"""`/r/TOKEN`: what a notice's link is about, and one button that ends it. A GET never acts."""

import re
from typing import Final, NamedTuple

from aiohttp import web

from channels.link.forms import Form, read_form
from channels.link.limits import Guesses, address_key, prefix_key
from channels.link.pages import Pages
from channels.link.port import LinkPort, Offer
from core.conversation.answers import RetAnswer, State
from core.domain.clock import Instant
from core.domain.consent import ConsentType

# None of ours has another shape; whatever else is asked for need not be looked up. What a mail program or a thumb
# has left behind it (a slash, a full stop, a bracket) is none of it.
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{1,64}(?![A-Za-z0-9_-])", re.ASCII)
_OPEN: Final[tuple[State, ...]] = ("allowed", "none")


class Row(NamedTuple):
    """A type on the page. `is_open`: a button may end it, or keep the wish where there is no record."""

    type: ConsentType
    state: State
    since: Instant | None
    is_covered: bool
    is_open: bool


class RefusalPages:
    """The secret in the address is what proves the citizen here: no cookie is read or set."""

    def __init__(self, port: LinkPort, pages: Pages, guesses: Guesses) -> None:
        self._port = port
        self._pages = pages
        self._guesses = guesses

    async def show(self, request: web.Request) -> web.Response:
        _token, offer = await self._offer(request)
        return self._page(request, offer)

    async def refuse(self, request: web.Request) -> web.Response:
        """End what the form names, or everything that the notice announced (RFC 8058)."""
        form = await read_form(request)
        token, offer = await self._offer(request)
        types = _types(form, offer)
        if not types:
            return self._page(request, offer, status=400)
        answer = await self._port.refuse(token, types, form.raw)
        if answer is None:
            raise web.HTTPNotFound
        return self._pages.show(
            request, "done", answer=answer, again=_again(answer, offer.covered), back=None, action=None
        )

    async def _offer(self, request: web.Request) -> tuple[str, Offer]:
        typed = request.match_info["token"]
        found = _TOKEN.match(typed)
        token = found[0] if found else typed
        offer = await self._port.offer(token) if found else None
        if offer is None:
            self._guesses.count(address_key(request), prefix_key(token))
            raise web.HTTPNotFound
        return token, offer

    def _page(self, request: web.Request, offer: Offer, *, status: int = 200) -> web.Response:
        rows = rows_of(offer)
        covered = [row for row in rows if row.is_covered]
        return self._pages.show(
            request,
            "refusal",
            status=status,
            offer=offer,
            rows=rows,
            covered=covered,
            open=[row for row in covered if row.is_open],
            is_faulty=status == 400,
        )


def rows_of(offer: Offer) -> list[Row]:
    """First the types that the notice announced, then the others of the address."""
    held = {line.type: line for line in offer.held}
    rows = []
    for kind in dict.fromkeys((*offer.covered, *held)):
        line = held.get(kind)
        state: State = line.state if line else "none"
        since = line.since if line and state != "none" else None
        is_covered = kind in offer.covered
        rows.append(Row(kind, state, since, is_covered, is_covered and state in _OPEN))
    return rows


def _types(form: Form, offer: Offer) -> tuple[ConsentType, ...]:
    """The types that the form asks to end; none where it names none, or one that the link does not cover."""
    wanted = form.only("type")
    if form.is_one_click or wanted == "ALL":
        return offer.covered
    return tuple(kind for kind in offer.covered if kind == wanted)


def _again(answer: RetAnswer, covered: tuple[ConsentType, ...]) -> list[ConsentType]:
    """The types with a permission that stands after all and that this link may end."""
    return [kind for kind in covered if kind in answer.allowed or kind in answer.newer]

"""`/izinler/liste`: everything that stands for a proven number, on one screen; filtered, ended, downloaded."""

import csv
import io
from collections.abc import Iterable
from typing import Final, NamedTuple, get_args

from aiohttp import web

from channels.link.catalog import Catalog, day_and_time
from channels.link.entry import EntryPages
from channels.link.forms import read_form
from channels.link.pages import Pages, catalog_of
from channels.link.port import Held, LinkPort
from core.conversation.answers import RetAnswer, RetSeveral, State
from core.domain.consent import ConsentType
from core.domain.text import key

ROWS_MAX: Final = 20  # on a page: it must stay small for an old phone
NAMES_MAX: Final = 30
FILTER_LETTERS_MAX: Final = 60
_STATES: Final[tuple[State, ...]] = get_args(State)
_FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")


class Filter(NamedTuple):
    """The choice that narrows the list; empty: everything. An unknown value narrows nothing."""

    brand: str
    type: str
    state: str

    @classmethod
    def of(cls, request: web.Request) -> "Filter":
        kind, state = request.query.get("tur", ""), request.query.get("durum", "")
        return cls(
            request.query.get("marka", "").strip()[:FILTER_LETTERS_MAX],
            kind if kind in list(ConsentType) else "",
            state if state in _STATES else "",
        )

    @property
    def is_narrow(self) -> bool:
        return any(self)

    def lets(self, held: Held) -> bool:
        if (self.type and held.type != self.type) or (self.state and held.state != self.state):
            return False
        wanted = key(self.brand)
        return not wanted or any(wanted in found for found in held.brand.keys())

    def query(self) -> dict[str, str]:
        return {"marka": self.brand, "tur": self.type, "durum": self.state}


class Leaf(NamedTuple):
    """One page of a long list, numbered from 1."""

    number: int
    last: int

    @property
    def rows(self) -> slice:
        return slice((self.number - 1) * ROWS_MAX, self.number * ROWS_MAX)


class HoldingsPages:
    """Only for who has the cookie of a proven number."""

    def __init__(self, port: LinkPort, pages: Pages, entry: EntryPages) -> None:
        self._port = port
        self._pages = pages
        self._entry = entry

    async def show(self, request: web.Request) -> web.Response:
        visit = self._entry.proven(request)
        held = await self._port.holdings(visit.number)
        wanted = Filter.of(request)
        found = sorted(filter(wanted.lets, held), key=_order)
        leaf = leaf_of(request, len(found))
        return self._pages.show(
            request,
            "holdings",
            visit=visit,
            total=len(held),
            allowed=len(_allowed(held)),
            found=len(found),
            rows=found[leaf.rows],
            wanted=wanted,
            leaf=leaf,
            types=ConsentType,
            states=_STATES,
        )

    async def refuse(self, request: web.Request) -> web.Response:
        """End one line: the form's `izin` is `600100:MESAJ`, one of the lines that were shown."""
        form = await read_form(request)
        visit = self._entry.proven_form(request, form.only("csrf"))
        chosen = [
            (held.brand.code, held.type)
            for held in await self._port.holdings(visit.number)
            if f"{held.brand.code}:{held.type}" == form.only("izin")
        ]
        if not chosen:
            raise web.HTTPBadRequest
        return self._done(request, await self._port.refuse_held(visit.number, tuple(chosen[:1]), form.raw))

    async def ask_all(self, request: web.Request) -> web.Response:
        """The question before everything is ended."""
        visit = self._entry.proven(request)
        allowed = _allowed(await self._port.holdings(visit.number))
        brands = len({held.brand.code for held in allowed})
        return self._pages.show(request, "everything", visit=visit, count=len(allowed), brands=brands)

    async def refuse_all(self, request: web.Request) -> web.Response:
        """End every permission that stands at this moment, whatever the list was narrowed to."""
        form = await read_form(request)
        visit = self._entry.proven_form(request, form.only("csrf"))
        allowed = _allowed(await self._port.holdings(visit.number))
        if not allowed:
            return self._pages.show(request, "everything", visit=visit, count=0, brands=0)
        chosen = tuple((held.brand.code, held.type) for held in allowed)
        return self._done(request, await self._port.refuse_held(visit.number, chosen, form.raw))

    async def download(self, request: web.Request) -> web.Response:
        """The whole list as CSV: UTF-8 with BOM, so that spreadsheets keep its letters."""
        visit = self._entry.proven(request)
        held = sorted(await self._port.holdings(visit.number), key=_order)
        texts = catalog_of(request)
        return web.Response(
            body=table(held, texts).encode("utf-8-sig"),
            content_type="text/csv",
            charset="utf-8",
            headers={"Content-Disposition": f'attachment; filename="{texts["csv.file"]}.csv"'},
        )

    def _done(self, request: web.Request, answer: RetAnswer | RetSeveral) -> web.Response:
        back = "/izinler/liste"
        if isinstance(answer, RetSeveral) and len(answer.outcomes) == 1:
            answer = answer.outcomes[0]._replace(receipt=answer.receipt)
        if isinstance(answer, RetAnswer):
            return self._pages.show(request, "done", answer=answer, again=(), back=back, action=back)
        return self._pages.show(request, "several", answer=answer, groups=groups(answer), back=back)


def leaf_of(request: web.Request, count: int) -> Leaf:
    """The page that the address asks for; the nearest one where it has none such."""
    last = max(1, -(-count // ROWS_MAX))
    asked = request.query.get("sayfa", "1")
    number = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 6 else 1
    return Leaf(min(max(number, 1), last), last)


def groups(answer: RetSeveral) -> list[tuple[str, int, list[str]]]:
    """Outcomes of the brands: kind of outcome, how many, and the first names."""
    found = []
    for kind in ("ended", "kept", "already", "newer"):
        names = [outcome.brand.name for outcome in answer.outcomes if getattr(outcome, kind)]
        if names:
            found.append((kind, len(names), names[:NAMES_MAX]))
    return found


def table(held: Iterable[Held], texts: Catalog) -> str:
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow([texts[f"csv.{name}"] for name in ("brand", "code", "type", "state", "since", "source", "receipt")])
    for line in held:
        row = (
            line.brand.name,
            line.brand.code,
            texts[f"types.{line.type}"],
            texts[f"states.{line.state}"],
            day_and_time(line.since),
            texts[f"sources.{line.source}"],
            line.receipt or "",
        )
        rows.writerow([_no_formula(cell) for cell in row])
    return written.getvalue()


def _no_formula(cell: str) -> str:
    """A spreadsheet would compute a name that begins with one of these signs."""
    return f"'{cell}" if cell.startswith(_FORMULA_SIGNS) else cell


def _allowed(held: Iterable[Held]) -> list[Held]:
    return [line for line in held if line.state == "allowed"]


def _order(held: Held) -> tuple[bool, int, str, ConsentType]:
    """Permissions first, the newest first."""
    return held.state != "allowed", -held.since, key(held.brand.name), held.type

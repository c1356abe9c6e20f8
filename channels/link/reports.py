"""`/izinler/sikayet`: report a brand of the list; `/izinler/sikayetler`: what became of the reports."""

from collections.abc import Iterable
from typing import Final

from aiohttp import web

from channels.link.entry import EntryPages
from channels.link.forms import read_form
from channels.link.holdings import leaf_of
from channels.link.pages import Pages
from channels.link.port import Held, LinkPort
from core.brands.brand import Brand
from core.domain.text import key, storable

TEXT_MAX: Final = 2000  # characters
BRAND_MAX: Final = 200


class ReportPages:
    """Only for who has the cookie of a proven number. A sender that is not in the list is reported by SMS."""

    def __init__(self, port: LinkPort, pages: Pages, entry: EntryPages) -> None:
        self._port = port
        self._pages = pages
        self._entry = entry

    async def ask(self, request: web.Request) -> web.Response:
        visit = self._entry.proven(request)
        brand = request.query.get("marka", "")[:BRAND_MAX]
        found = brand_in(await self._port.holdings(visit.number), brand)
        typed = found.name if found else brand
        return self._pages.show(request, "report", visit=visit, brand=typed, text="", errors={}, text_max=TEXT_MAX)

    async def report(self, request: web.Request) -> web.Response:
        form = await read_form(request)
        visit = self._entry.proven_form(request, form.only("csrf"))
        typed = storable(form.only("marka") or "")[:BRAND_MAX].strip()
        text = storable(form.only("metin") or "").replace("\r\n", "\n").strip()
        brand = brand_in(await self._port.holdings(visit.number), typed)
        errors = {"marka": "report.no_brand"} if brand is None else {}
        if not text:
            errors["metin"] = "report.no_text"
        elif len(text) > TEXT_MAX:
            errors["metin"] = "report.long_text"
        if brand is None or errors:
            context = {"visit": visit, "brand": typed, "text": text[:TEXT_MAX], "errors": errors, "text_max": TEXT_MAX}
            return self._pages.show(request, "report", status=400, **context)
        receipt = await self._port.report(visit.number, brand.code, text, form.raw)
        return self._pages.show(request, "reported", visit=visit, brand=brand, receipt=receipt)

    async def show(self, request: web.Request) -> web.Response:
        """All reports, the newest first."""
        visit = self._entry.proven(request)
        reports = sorted(await self._port.reports(visit.number), key=lambda line: -line.opened_at)
        leaf = leaf_of(request, len(reports))
        return self._pages.show(request, "reports", visit=visit, reports=reports[leaf.rows], leaf=leaf)


def brand_in(held: Iterable[Held], typed: str) -> Brand | None:
    """The one brand of the list with this registry number, name or short name."""
    wanted = key(typed)
    brands = {line.brand.code: line.brand for line in held}
    found = [brand for brand in brands.values() if wanted in brand.keys()]
    return brands.get(typed) or (found[0] if len(found) == 1 else None)

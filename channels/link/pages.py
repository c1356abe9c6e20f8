"""Renders the pages, each in Turkish or, at `?lang=en`, in English."""

import hashlib
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import aiohttp_jinja2
import jinja2
from aiohttp import web

from channels.link.catalog import Catalog, day, day_and_time, name_of
from core.conversation.requests import Language
from core.domain.clock import utc_text

_HERE: Final = Path(__file__).parent
_CATALOGS: Final = {language: Catalog(language) for language in Language}
STYLE: Final = (_HERE / "static" / "link.css").read_bytes()
ICON: Final = (_HERE / "static" / "icon.svg").read_bytes()
# Their names change with their content, so that a browser may keep them for ever.
STYLE_PATH: Final = f"/bicem-{hashlib.sha256(STYLE).hexdigest()[:12]}.css"
ICON_PATH: Final = f"/simge-{hashlib.sha256(ICON).hexdigest()[:12]}.svg"


class Pages:
    """Makes responses of templates. `public_url` is where the pages are reached, without a slash at its end."""

    def __init__(self, app: web.Application, public_url: str, line_number: str) -> None:
        env = aiohttp_jinja2.setup(
            app,
            loader=jinja2.FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
            auto_reload=False,  # else every page asks the disk for the age of each template
        )
        env.filters.update(day=day, moment=day_and_time, iso=utc_text, name=name_of)
        env.globals.update(
            line=line_number,
            public_url=public_url,
            style=STYLE_PATH,
            icon=ICON_PATH,
            sms=self._sms,
            languages=tuple(Language),
        )
        self._line_number = line_number

    def show(self, request: web.Request, name: str, *, status: int = 200, **context: Any) -> web.Response:
        """The page `name`. It offers the other language only where a GET shows the same again."""
        language = language_of(request)
        whole = {
            "t": _CATALOGS[language],
            "lang": language,
            "href": lambda path, **query: href(path, language, **query),
            "is_result": request.method not in ("GET", "HEAD"),
            **context,
        }
        return aiohttp_jinja2.render_template(f"{name}.html", request, whole, status=status)

    def _sms(self, text: str) -> str:
        """An address that opens the phone's messages with the text to send (RFC 5724)."""
        return f"sms:{self._line_number}?body={quote(text)}"


def language_of(request: web.Request) -> Language:
    return Language.EN if request.query.get("lang") == Language.EN else Language.TR


def catalog_of(request: web.Request) -> Catalog:
    return _CATALOGS[language_of(request)]


def href(path: str, language: Language, **query: object) -> str:
    """An address of ours that stays in the language; empty values are left out."""
    named = {name: str(value) for name, value in query.items() if value not in (None, "")}
    if language is not Language.TR:
        named["lang"] = language
    return f"{path}?{urlencode(named)}" if named else path

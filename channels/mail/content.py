"""An approval notice → subject, text and page."""

import tomllib
from pathlib import Path
from typing import Final, NamedTuple

import jinja2

from channels.mail.notice import MailNotice
from core.conversation.requests import Language

BRAND_LETTERS_MAX: Final = 60  # the registry sets no bound to a name

_HERE: Final = Path(__file__).parent
_TEXTS: Final[dict[Language, dict[str, str]]] = {
    language: tomllib.loads((_HERE / "texts" / f"{language}.toml").read_text("utf-8")) for language in Language
}
_PAGE: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=jinja2.StrictUndefined
).get_template("notice.html")


class Content(NamedTuple):
    """The words that a person reads. `subject` is one line without control characters."""

    subject: str
    text: str
    page: str


def content(notice: MailNotice) -> Content:
    named = {"brand": one_line(notice.brand), "day": f"{notice.registered_on:%d.%m.%Y}", "site": notice.site}
    texts = {name: text.format(**named) for name, text in _TEXTS[notice.language].items()}
    registered = f"{texts['again']} {texts['registered']}" if notice.has_refused else texts["registered"]
    paragraphs = (
        registered,
        f"{texts['unwanted']}\n{notice.url}",
        *(texts["promise"], texts["otherwise"], texts["information"], texts["why"], texts["footer"]),
    )
    page = _PAGE.render(
        language=notice.language, subject=texts["subject"], registered=registered, url=notice.url, texts=texts
    )
    return Content(texts["subject"], "\n\n".join(paragraphs) + "\n", page)


def one_line(name: str) -> str:
    """A brand's name without control, format and line characters, at most 60 letters."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())[:BRAND_LETTERS_MAX].rstrip()

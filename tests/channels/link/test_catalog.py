"""The two languages have the same texts, and say nothing that they must not."""

import re
from string import Formatter

import pytest

from channels.link.catalog import Catalog
from core.brands.brand import Brand
from core.conversation.requests import Language
from core.domain.consent import ConsentType, Source

TR = Catalog(Language.TR)
EN = Catalog(Language.EN)
ARAMA, MESAJ, EPOSTA = ConsentType


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_have_the_same_texts() -> None:
    assert list(TR) == list(EN)


@pytest.mark.parametrize("name", list(TR))
def test_both_use_the_same_names(name: str) -> None:
    # One brand is "1 marka" and "1 brand"; what is reached is a verb in one and a noun in the other.
    assert names_in(TR[name]) == names_in(EN[name])


@pytest.mark.parametrize("catalog", [pytest.param(TR, id="tr"), pytest.param(EN, id="en")])
def test_the_texts_are_fit_for_a_page(catalog: Catalog) -> None:
    for name in catalog:
        text = catalog[name]
        assert text == text.strip()
        assert not re.search(r"[<>&\"—–]|\.\.\.", text), name
        assert not re.search(r"reddedil|onaylan|rejected|approved", text, re.IGNORECASE), name
        assert not re.search(r"\}['’]", text), f"{name}: a suffix hangs on a name"
        assert not re.search(r"\bşikayet", text), f"{name}: şikâyet on pages"


def test_every_type_and_source_is_named() -> None:
    for catalog in (TR, EN):
        for table in ("types", "what", "reach", "stop", "may"):
            assert all(catalog[f"{table}.{kind}"] for kind in ConsentType)
        assert all(catalog[f"sources.{source}"] for source in Source)


@pytest.mark.parametrize(
    ("types", "tr", "en"),
    [
        pytest.param((MESAJ,), "reklam mesajı", "adverts by message", id="one"),
        pytest.param(
            (ARAMA, MESAJ), "reklam araması ve reklam mesajı", "adverts by call and adverts by message", id="two"
        ),
        pytest.param(
            (ARAMA, MESAJ, EPOSTA),
            "reklam araması, reklam mesajı ve reklam e-postası",
            "adverts by call, adverts by message and adverts by e-mail",
            id="three",
        ),
    ],
)
def test_types_are_listed_as_one_says_them(types: tuple[ConsentType, ...], tr: str, en: str) -> None:
    assert (TR.what(types), EN.what(types)) == (tr, en)


def test_what_is_put_in_is_escaped() -> None:
    assert TR("may.MESAJ", brand="<b>") == "&lt;b&gt; size reklam mesajı gönderebilir."


def test_a_command_names_the_brand_as_short_messages_do() -> None:
    assert TR.command(Brand("1", "HEPSİBURADA MAĞAZASI", ("HBSMS",)), [ARAMA]) == "RET HBSMS ARAMA"

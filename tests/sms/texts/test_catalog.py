"""The catalogs: alike in names and placeholders, and free of what must not stand in any text."""

import re
from string import Formatter
from typing import Final

import pytest

from core.brands.brand import Brand
from core.conversation.requests import Language
from sms.texts.catalog import Catalog
from sms.texts.render import CATALOGS

TURKISH: Final = CATALOGS[Language.TR]
ENGLISH: Final = CATALOGS[Language.EN]


def placeholders(texts: Catalog, name: str) -> set[str]:
    return {field for form in texts[name] for _, field, _, _ in Formatter().parse(form) if field is not None}


def test_both_languages_have_the_same_texts() -> None:
    assert list(TURKISH) == list(ENGLISH)


@pytest.mark.parametrize("name", list(TURKISH))
def test_a_text_has_the_same_placeholders_in_both_languages(name: str) -> None:
    assert placeholders(TURKISH, name) == placeholders(ENGLISH, name)


@pytest.mark.parametrize("name", [name for name in TURKISH if name.startswith("counts.")])
def test_a_counted_text_has_one_and_many(name: str) -> None:
    for texts in (TURKISH, ENGLISH):
        one, many = texts[name]

        assert "1" in one
        assert "{n}" in many


@pytest.mark.parametrize("texts", [pytest.param(texts, id=language) for language, texts in CATALOGS.items()])
def test_no_suffix_hangs_on_a_placeholder(texts: Catalog) -> None:
    for name in texts:
        assert not [form for form in texts[name] if re.search(r"\}['’\w]", form)], name


@pytest.mark.parametrize("texts", [pytest.param(texts, id=language) for language, texts in CATALOGS.items()])
def test_shorter_forms_stand_behind_longer_ones(texts: Catalog) -> None:
    for name in texts:
        if not name.startswith("counts."):
            lengths = [len(re.sub(r"\{\w+\}", "ELEVENCHARS", form)) for form in texts[name]]
            assert lengths == sorted(lengths, reverse=True), name


def test_english_has_no_turkish_letter() -> None:
    assert [name for name in ENGLISH if not "".join(ENGLISH[name]).isascii()] == []


@pytest.mark.parametrize(
    ("brand", "turkish", "english"),
    [
        pytest.param(Brand("1", "HOPİ"), "HOPİ", "HOPI", id="a Turkish letter"),
        pytest.param(Brand("1", "KÂĞIT’ÇI"), "KAĞIT'ÇI", "KAGIT'CI", id="letters that no short message has"),
        pytest.param(Brand("1", "S\u0327OK"), "ŞOK", "SOK", id="decomposed"),
        pytest.param(Brand("1", "A \n  B"), "A B", "A B", id="line break and spaces"),
        pytest.param(Brand("1", "МОСКВА"), "МОСКВА", "МОСКВА", id="another script"),
        pytest.param(Brand("1", "Ş" * 61), "Ş" * 60, "S" * 60, id="61 letters"),
        pytest.param(Brand("1", "TÜRKİYE ŞİŞE VE CAM", ("SISECAM", "CAM")), "CAM", "CAM", id="shortest short name"),
    ],
)
def test_a_brand_is_shown_in_letters_of_the_language(brand: Brand, turkish: str, english: str) -> None:
    assert TURKISH.label(brand) == turkish
    assert ENGLISH.label(brand) == english

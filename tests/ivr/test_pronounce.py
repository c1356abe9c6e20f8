"""A brand's name as it is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.brands.brand import Brand
from ivr.pronounce import spoken


@pytest.mark.parametrize(
    ("brand", "said"),
    [
        pytest.param(
            Brand("1", "Teknosa Mağazacılık", ("TEKNOSA",)), "Teknosa Mağazacılık", id="the name, not the label"
        ),
        pytest.param(Brand("1", "MIGROS", (), "", "Migros Örnek A.Ş."), "Migros", id="I of the title"),
        pytest.param(Brand("1", "MIGROS MARKET", (), "", "Migros A.Ş."), "Migros MARKET", id="a word of the title"),
        pytest.param(Brand("1", "MIGROS"), "MIGROS", id="no title"),
        pytest.param(Brand("1", "Mıgros", (), "", "Migros"), "Mıgros", id="small letters stay"),
        pytest.param(Brand("1", "MIGROS", (), "", "MIGROS A.Ş."), "MIGROS", id="title in capitals"),
        pytest.param(Brand("1", "H&M"), "H&M", id="and sign"),
        pytest.param(Brand("1", "Çiçek Sepeti’nden"), "Çiçek Sepeti’nden", id="apostrophe"),
        pytest.param(Brand("1", "S\u0327OK"), "ŞOK", id="decomposed"),
        pytest.param(Brand("1", "A \n\t\x00 B\x07"), "A B", id="control characters"),
        pytest.param(Brand("1", '"A" [[k@t]] <b>'), "A k t b", id="quotes and marks of speech programs"),
        pytest.param(Brand("1", "$(reboot); `x` | y"), "reboot x y", id="shell"),
        pytest.param(Brand("1", "-x"), "x", id="an option"),
        pytest.param(Brand("1", "--stdin"), "stdin", id="a long option"),
        pytest.param(Brand("1", "_-_ a_b"), "a b", id="underscores"),
        pytest.param(Brand("1", "A" * 60), "A" * 60, id="60 letters"),
        pytest.param(Brand("1", "A" * 61, ("AAA", "AA")), "AA", id="61 letters with short names"),
        pytest.param(Brand("1", "ab " * 200), " ".join(["ab"] * 20), id="long, cut between words"),
        pytest.param(Brand("1", "A" * 500), "A" * 60, id="500 letters in one word"),
        pytest.param(Brand("1", "МОСКВА", ("MOSKVA",)), "MOSKVA", id="another alphabet with a short name"),
        pytest.param(Brand("1", "МОСКВА"), None, id="another alphabet"),
        pytest.param(Brand("1", "\ud800!!! —"), None, id="no letter"),
        pytest.param(Brand("1", ""), None, id="empty"),
    ],
)
def test_a_name_is_said(brand: Brand, said: str | None) -> None:
    assert spoken(brand) == said


@given(st.text(st.characters(), max_size=200), st.text(max_size=50))
def test_whatever_the_name_what_is_said_is_short_and_no_option(name: str, title: str) -> None:
    said = spoken(Brand("1", name, (name[:9],), "", title))

    assert said is None or (len(said) <= 60 and said[0].isalnum() and said.isprintable())

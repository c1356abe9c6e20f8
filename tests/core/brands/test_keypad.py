"""What is keyed in on a phone → the brands it may mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.brands.brand import Brand
from core.brands.keypad import FOUND_MAX, Keypad, digits_of
from core.domain.text import key

MIGROS = Brand("600100", "MIGROS")
N11 = Brand("600104", "N11")
SISECAM = Brand("600120", "Şişecam Paşabahçe", ("ŞİŞECAM", "PBAHÇE"))
KIGILI = Brand("600105", "KİĞILI")
LIKE_MIGROS = Brand("600130", "NIHRNR")  # the same keys
NUMBER_NAMED = Brand("644767", "ABC")  # its registry number is the other's name
KEYPAD = Keypad((MIGROS, N11, SISECAM, KIGILI))


@pytest.mark.parametrize(
    ("name", "digits"),
    [
        pytest.param("MIGROS", "644767", id="the design's own example"),
        pytest.param("migros", "644767", id="small letters"),
        pytest.param("ÇĞİÖŞÜ", "244678", id="Turkish letters lie with the letters they fold to"),
        pytest.param("çğıöşü", "244678", id="small Turkish letters, dotless ı"),
        pytest.param("KİĞILI", "544454", id="İ, Ğ and I are one key"),
        pytest.param("N11", "611", id="a digit is itself"),
        pytest.param("A-101 & Co.", "210126", id="signs and spaces have no key"),
        pytest.param("PQRS WXYZ", "77779999", id="keys of four letters"),
        pytest.param("Mağaza Ж", "624292", id="a letter that no key has is left out"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_name_has_the_digits_of_its_letter_keys(name: str, digits: str) -> None:
    assert digits_of(name) == digits


@pytest.mark.parametrize(
    ("digits", "found"),
    [
        pytest.param("600100", (MIGROS,), id="registry number"),
        pytest.param("644767", (MIGROS,), id="name"),
        pytest.param("7473226", (SISECAM,), id="short name"),
        pytest.param("74732267272", (SISECAM,), id="the beginning of a name of several words"),
        pytest.param("644", (MIGROS,), id="three keys are enough of a beginning"),
        pytest.param("64", (), id="two are not"),
        pytest.param("611", (N11,), id="a whole short name"),
        pytest.param("60010", (), id="the beginning of a registry number is nothing"),
        pytest.param("999", (), id="no brand"),
        pytest.param("", (), id="no key"),
        pytest.param("64*767", (), id="a star among the keys"),
    ],
)
def test_keys_find(digits: str, found: tuple[Brand, ...]) -> None:
    assert KEYPAD.find(digits) == found


def test_number_and_name_alike_are_both_found() -> None:
    keypad = Keypad((MIGROS, LIKE_MIGROS, NUMBER_NAMED))

    assert keypad.find("644767") == (NUMBER_NAMED, MIGROS, LIKE_MIGROS)


def test_a_whole_name_comes_before_the_beginnings_of_others() -> None:
    keypad = Keypad((Brand("1001", "DENİZ"), Brand("1002", "DENİZBANK")))

    assert [brand.code for brand in keypad.find("33649")] == ["1001"]


@pytest.mark.parametrize("count", [FOUND_MAX - 1, FOUND_MAX, FOUND_MAX + 1, FOUND_MAX + 20])
def test_at_most_one_more_than_can_be_chosen_from(count: int) -> None:
    keypad = Keypad(Brand(f"{n:06}", f"MODA {n:03}") for n in range(count))

    assert len(keypad.find("6632")) == min(count, FOUND_MAX + 1)


def test_a_changed_brand_is_found_by_its_new_name_alone() -> None:
    keypad = Keypad((MIGROS,))
    assert keypad.find("644")

    keypad.apply((MIGROS._replace(name="BOYNER"),))

    assert keypad.find("644767") == ()
    assert keypad.find("644") == ()
    assert [brand.name for brand in keypad.find("269637")] == ["BOYNER"]
    assert [brand.name for brand in keypad.find("2696")] == ["BOYNER"]


@given(st.lists(st.text(alphabet="ABCÇDEFGĞHIİ1290 ", min_size=1, max_size=8), max_size=12, unique=True), st.data())
def test_every_brand_is_found_by_all_keys_of_its_name(names: list[str], data: st.DataObject) -> None:
    brands = [Brand(f"{n:06}", name) for n, name in enumerate(names) if key(name)]
    keypad = Keypad(brands)

    for brand in brands:
        found = keypad.find(digits_of(brand.name))
        assert brand in found or len(found) > FOUND_MAX

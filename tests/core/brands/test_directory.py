"""The directory: found by number, short name and full name, and after each change only as it is now."""

import pytest

from core.brands.brand import Brand
from core.brands.directory import Directory
from core.domain.text import key

MIGROS = Brand("600100", "MİGROS TİCARET", ("MIGROS", "MGR"))
HEPSIBURADA = Brand("600101", "Hepsiburada")
SISECAM = Brand("600102", "Şişecam")


@pytest.mark.parametrize(
    ("label", "name", "codes"),
    [
        ("registry number", "600100", ["600100"]),
        ("short name", "MIGROS", ["600100"]),
        ("another short name", "mgr", ["600100"]),
        ("full name", "Migros Ticaret", ["600100"]),
        ("full name with Turkish letters", "ŞİŞECAM", ["600102"]),
        ("two words for one", "HEPSİ BURADA", ["600101"]),
        ("part of a name", "TICARET", []),
        ("nothing", "", []),
    ],
)
def test_a_brand_is_found_by_every_name_it_has(label: str, name: str, codes: list[str]) -> None:
    directory = Directory([MIGROS, HEPSIBURADA, SISECAM])

    assert [brand.code for brand in directory.named(key(name))] == codes, label
    assert (key(name) in directory) is bool(codes)


def test_two_brands_of_one_name_are_both_found() -> None:
    twin = Brand("600109", "Migros", ())
    directory = Directory([MIGROS, twin])

    assert directory.named("migros") == (MIGROS, twin)
    assert directory.named("migrosticaret") == (MIGROS,)


def test_a_changed_brand_is_found_by_its_new_names_only() -> None:
    directory = Directory([MIGROS, HEPSIBURADA])
    renamed = MIGROS._replace(name="Yeni Ad", short_names=("YENI",))

    directory.apply([renamed])

    assert len(directory) == 2
    assert directory.get("600100") == renamed
    assert directory.named("yeni") == directory.named("yeniad") == directory.named("600100") == (renamed,)
    assert directory.named("migros") == ()
    assert "migros" not in directory
    assert directory.like("migrostcaret") == []
    assert not directory.carrying("ticaret")


def test_a_shared_name_stays_with_the_other_brand_when_one_drops_it() -> None:
    twin = Brand("600109", "Migros")
    directory = Directory([MIGROS, twin])

    directory.apply([MIGROS._replace(short_names=())])

    assert directory.named("migros") == (twin,)


def test_a_name_without_letters_is_no_key() -> None:
    assert "" not in Directory([Brand("600100", "***", ("..",))])


@pytest.mark.parametrize(
    ("label", "brand", "called"),
    [
        ("11 letters", Brand("1", "ABCDEFGHIJK", ("ABC",)), "ABCDEFGHIJK"),
        ("12 letters", Brand("1", "ABCDEFGHIJKL", ("ABCDE", "ABC", "ABCD")), "ABC"),
        ("12 letters without a short name", Brand("1", "ABCDEFGHIJKL"), "ABCDEFGHIJKL"),
    ],
)
def test_texts_call_a_brand_by_a_name_of_11_letters_if_it_has_one(label: str, brand: Brand, called: str) -> None:
    assert brand.label == called, label

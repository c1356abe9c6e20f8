"""What a citizen's words mean among brands, by table; and that a changed brand is matched only as it is now."""

import random
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from core.brands.brand import Brand
from core.brands.directory import Directory
from core.brands.match import CANDIDATES_MAX, NOTHING, Match, part
from core.brands.near import LongKeys

MIGROS = Brand("600100", "MİGROS TİCARET A.Ş.", ("MIGROS",))
HEPSIBURADA = Brand("600101", "Hepsiburada", ("HBSMS",))
SISECAM = Brand("600102", "Türkiye Şişe ve Cam Fabrikaları", ("SISECAM",))
N11 = Brand("600103", "N11")
LOFT, LOFTSU = Brand("600104", "Loft Giyim", ("LOFT",)), Brand("600105", "Loftsu")
PASABAHCE = Brand("600106", "Şişecam Paşabahçe")
TURKCELL = Brand("600107", "Turkcell İletişim Hizmetleri")
SUPERONLINE = Brand("600108", "Superonline Turkcell")
HOPI = Brand("600109", "HOPİ")
CICEKSEPETI = Brand("600110", "Çiçek Sepeti")
KOSK = Brand("600111", "Beyaz Köşk Otelleri")
PAPATYA = Brand("600112", "Papatya Kozmetik")
DIRECTORY = Directory(
    [
        *(MIGROS, HEPSIBURADA, SISECAM, N11, LOFT, LOFTSU, PASABAHCE, TURKCELL, SUPERONLINE, HOPI, CICEKSEPETI),
        *(KOSK, PAPATYA, Brand("600113", "Ebebek")),
    ]
)


def exactly(*brands: Brand) -> Match:
    return Match(brands, exact=True)


def like(*brands: Brand) -> Match:
    return Match(brands)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        pytest.param("600100", exactly(MIGROS), id="registry number"),
        pytest.param("migros", exactly(MIGROS), id="short name"),
        pytest.param("Migros Ticaret A.Ş.", exactly(MIGROS), id="full name"),
        pytest.param("HEPSİ BURADA", exactly(HEPSIBURADA), id="two words for one"),
        pytest.param("loft", exactly(LOFT), id="exact beats near"),
        pytest.param("Migros'tan", like(MIGROS), id="an ending behind an apostrophe"),
        pytest.param("migrostan", like(MIGROS), id="an ending without one"),
        pytest.param("migros tan", like(MIGROS), id="an ending behind a space"),
        pytest.param("hopiyi", like(HOPI), id="yi"),
        pytest.param("ebebeği", like(DIRECTORY.named("ebebek")[0]), id="a softened k"),
        pytest.param("çiçek sepetinden", like(CICEKSEPETI), id="an ending on the last of two words"),
        pytest.param("n11den", like(N11), id="an ending on digits"),
        pytest.param("n1", NOTHING, id="no ending at all"),
        pytest.param("PAŞABAHÇE", like(PASABAHCE), id="a word that one brand carries"),
        pytest.param("beyaz köşk", like(KOSK), id="leading words"),
        pytest.param("beyazköşk", like(KOSK), id="leading words in one"),
        pytest.param("papatya", like(PAPATYA), id="an everyday word that leads"),
        pytest.param("sepeti", NOTHING, id="an everyday word that does not lead"),
        pytest.param("turkcell", like(TURKCELL, SUPERONLINE), id="a word of two brands, the leading one first"),
        pytest.param("iletişim", NOTHING, id="a word of the trade"),
        pytest.param("türkiye", NOTHING, id="a country"),
        pytest.param("türkiye şişe", like(SISECAM), id="leading words, one of them a country"),
        pytest.param("mirgos", like(MIGROS), id="swapped"),
        pytest.param("migrod", like(MIGROS), id="the key beside it"),
        pytest.param("mgros", like(MIGROS), id="left out"),
        pytest.param("miggros", like(MIGROS), id="doubled"),
        pytest.param("mogrps", NOTHING, id="two slips in six letters"),
        pytest.param("hepsibruaad", like(HEPSIBURADA), id="two slips in eight letters and more"),
        pytest.param("hpsibruad", NOTHING, id="three slips"),
        pytest.param("hopu", like(HOPI), id="a likely slip in four letters"),
        pytest.param("hopx", NOTHING, id="an unlikely slip in four letters"),
        pytest.param("hop", NOTHING, id="three letters"),
        pytest.param("hobi", NOTHING, id="an ordinary word"),
        pytest.param("n12", NOTHING, id="digits are never slipped"),
        pytest.param("600101x", NOTHING, id="nor a registry number"),
        pytest.param("loftu", like(LOFT, LOFTSU), id="a slip of two brands"),
        pytest.param("turkcel", like(TURKCELL), id="a slip in a leading word"),
        pytest.param("abcx", NOTHING, id="nothing like it"),
        pytest.param(" .,", NOTHING, id="no letters"),
    ],
)
def test_words_mean_brands(typed: str, meant: Match) -> None:
    assert DIRECTORY.match(typed) == meant


def test_in_a_long_name_the_next_nearest_makes_it_unclear() -> None:
    altinbas, altinkas = Brand("1", "Altınbaşlar"), Brand("2", "Altınkaşlı")
    assert Directory([altinbas, altinkas]).match("altinbaslr") == like(altinbas, altinkas)
    assert Directory([altinbas]).match("altinbaslr") == like(altinbas)


def test_at_most_nine_brands_are_named() -> None:
    namesakes = [Brand(str(n), "Kardeş") for n in range(12)]
    assert Directory(namesakes).match("kardes") == exactly(*namesakes[:CANDIDATES_MAX])


def test_words_that_more_than_nine_brands_carry_name_none() -> None:
    def family(count: int) -> Directory:
        return Directory([Brand(str(n), f"Xalkan {letter}ova") for n, letter in enumerate(ascii_lowercase[:count])])

    assert len(family(9).match("xalkan").brands) == 9
    assert family(10).match("xalkan") == NOTHING
    assert part(family(10), ["xalkan", "cova"]).brands == (Brand("2", "Xalkan cova"),)


def test_a_changed_brand_is_matched_by_its_new_names_only() -> None:
    directory = Directory([HEPSIBURADA, KOSK])

    directory.apply([HEPSIBURADA._replace(name="Bambaşkabirad"), KOSK._replace(name="Yeşil Yalı")])

    assert directory.match("hepsibruada") == directory.match("beyaz köşk") == NOTHING
    assert directory.match("bambaskabriad").brands[0].code == HEPSIBURADA.code
    assert directory.match("yesil yali").brands[0].code == KOSK.code


def test_a_part_stays_with_the_other_brand_when_one_drops_it() -> None:
    other = Brand("600200", "Beyaz Köşk Kafe")
    directory = Directory([KOSK, other])

    directory.apply([KOSK._replace(name="Yalı")])

    assert directory.match("köşk") == NOTHING
    assert directory.match("beyaz köşk") == like(other)


def test_an_ordinary_word_has_no_ending() -> None:
    directory = Directory([Brand("1", "Hava"), Brand("2", "Hisar")])

    assert directory.match("hisardan").brands
    assert directory.match("hava'dan").brands
    assert directory.match("havadan") == NOTHING


def test_a_name_that_was_taken_back_is_not_found() -> None:
    keys = LongKeys()
    keys.add("hepsiburada")
    keys.discard("hepsiburada")

    assert keys.like("hepsibruada") == []


def test_digits_of_a_long_name_are_never_slipped() -> None:
    directory = Directory([Brand("1", "Sigorta2000")])

    assert directory.match("sigorat2000").brands
    assert directory.match("sigorta3000") == NOTHING


@pytest.mark.parametrize("size", [8, 9, 12, 20, 40])
def test_every_long_name_within_two_slips_is_found(size: int) -> None:
    rng = random.Random(size)
    for _ in range(300):
        key = "".join(rng.choices(ascii_lowercase, k=size))
        word = list(key)
        for _ in range(2):
            n = rng.randrange(len(word))
            word[n : n + 1] = rng.choice(([], [rng.choice(ascii_lowercase)], [word[n], rng.choice(ascii_lowercase)]))
        slipped = "".join(word)
        keys = LongKeys()
        keys.add(key)
        expected = OSA.distance(slipped, key)
        if slipped != key and 8 <= len(slipped) <= 40:
            assert keys.like(slipped) == [(expected, key)], slipped


@given(st.text())
def test_any_words_are_matched(typed: str) -> None:
    assert len(DIRECTORY.match(typed).brands) <= CANDIDATES_MAX

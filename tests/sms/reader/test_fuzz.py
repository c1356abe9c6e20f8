"""The reader against noise: nothing raises, and nothing without a word for it acts on a brand."""

import random
from string import ascii_lowercase
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.brands.directory import Directory
from core.brands.slips import unstretched
from core.conversation.requests import BrandAlone, NotUnderstood, OnayAll, Ret, RetAll
from core.domain.text import key
from sms.reader.lexicon import GLUED, RESERVED_WORDS, slip_of
from sms.reader.read import TEXT_LETTERS_MAX, read
from tests.sms.reader.labelled import brands, refusals, silent
from tests.sms.reader.test_labelled import acts_on

COUNT: Final = 10_000
COUNT_LONG: Final = 1_000_000
SEED: Final = 3338
LETTERS: Final = ascii_lowercase + "çğıöşüÇĞİÖŞÜâ0123456789     .,-'’\n🙂\u200b\ufe0f\u0307\ud800\0?&%"

DIRECTORY = Directory(brands())
TEXTS = [row.text for row in (*refusals(), *silent())]

like_texts = st.lists(
    st.sampled_from(
        ["RET", "iptal", "hepsi", "E-POSTA", "e", "posta", "migros", "istemiyorum", "ONAY", "x", "-", "2", "\u200b"]
    ),
    max_size=30,
).map(" ".join)


@given(st.text(st.characters()) | like_texts | st.sampled_from(TEXTS))
def test_any_text_has_a_wish_and_keeps_its_words(text: str) -> None:
    reading = read(text, DIRECTORY)

    assert reading.text == text
    assert reading.intent is not None


@given(st.sampled_from(TEXTS))
def test_case_and_spaces_change_no_wish(text: str) -> None:
    assert type(read(f"  {text.replace(' ', '   ')}\n", DIRECTORY).intent) is type(read(text, DIRECTORY).intent)


@pytest.fixture
def count(long_run: bool) -> int:
    return COUNT_LONG if long_run else COUNT


def is_noise(word: str) -> bool:
    """Whether a made-up word has nothing of a verb in it."""
    return (
        word not in RESERVED_WORDS
        and unstretched(word) not in RESERVED_WORDS
        and not slip_of(word)
        and not any(verb in word for verb in (*GLUED.front, *GLUED.end))
    )


def test_random_letters_never_raise_and_never_act(count: int) -> None:
    rng = random.Random(SEED)
    for _ in range(count):
        text = "".join(rng.choices(LETTERS, k=rng.randrange(60)))
        intent = read(text, DIRECTORY).intent

        assert not acts_on(intent) or isinstance(intent, BrandAlone), text
        # A million random texts hold a short word now and then.
        assert not isinstance(intent, RetAll | OnayAll) or key(text) in RESERVED_WORDS, text


def test_made_up_words_around_a_brand_never_refuse(count: int) -> None:
    rng = random.Random(SEED)
    names = [brand.label for brand in brands() if brand.label.isalpha()]
    for _ in range(count):
        made_up = ["".join(rng.choices(ascii_lowercase, k=rng.randrange(4, 10))) for _ in range(rng.randrange(1, 5))]
        text = " ".join([*filter(is_noise, made_up), rng.choice(names)])
        intent = read(text, DIRECTORY).intent

        assert not isinstance(intent, Ret | RetAll | OnayAll), text


def test_changed_texts_never_raise(count: int) -> None:
    rng = random.Random(SEED)
    for _ in range(count):
        letters = list(rng.choice(TEXTS))
        for _ in range(rng.randrange(1, 6)):
            letters.insert(rng.randrange(len(letters) + 1), rng.choice(LETTERS))
        rng.shuffle(letters) if rng.random() < 0.2 else None
        assert read("".join(letters), DIRECTORY).text is not None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("RET MIGROS " + "x" * TEXT_LETTERS_MAX, id="too many letters"),
        pytest.param("RET MIGROS " + "x " * 200, id="too many words"),
        pytest.param("RET " + "MIGROS, " * 100, id="too many names"),
        pytest.param("2 " * 200, id="too many numbers"),
    ],
)
def test_a_long_text_is_no_command(text: str) -> None:
    assert isinstance(read(text, DIRECTORY).intent, NotUnderstood)

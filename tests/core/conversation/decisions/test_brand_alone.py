"""A brand and no wish: the brand alone, a pasted advert, help, and what is not understood."""

import pytest

from core.conversation.answers import (
    BrandAsked,
    BrandMeant,
    Help,
    NotUnderstoodAnswer,
    RetAnswer,
    SetAside,
    Silence,
    WhichBrand,
)
from core.conversation.conversation import NEW
from core.conversation.requests import (
    BrandAlone,
    BrandMention,
    Digits,
    Evet,
    Intent,
    NotUnderstood,
    Types,
    Unreadable,
    Yardim,
)
from core.domain.clock import HOUR_MS
from core.domain.consent import ConsentType, Objection, Record
from core.domain.rules import Rules
from tests.core.conversation.decisions.scenes import (
    ARAMA,
    BOYNER,
    DENIZ,
    DENIZLI,
    EPOSTA,
    MESAJ,
    MIGROS,
    NOW,
    RECEIPT,
    RET,
    Chat,
    alone,
    near,
    objection,
    record,
)

ADVERT = NotUnderstood((BrandMention.of(MIGROS),))


@pytest.mark.parametrize(
    ("rows", "types", "ended"),
    [
        pytest.param([record(MIGROS)], (), (MESAJ,), id="messages"),
        pytest.param([record(MIGROS), record(MIGROS, ARAMA)], (), (MESAJ,), id="both: messages"),
        pytest.param([record(MIGROS), record(MIGROS, ARAMA)], (ARAMA,), (ARAMA,), id="calls named"),
        pytest.param([record(MIGROS), record(MIGROS, ARAMA)], (ARAMA, MESAJ), (ARAMA, MESAJ), id="both named"),
        pytest.param([record(MIGROS), record(MIGROS, ARAMA, RET)], (ARAMA, MESAJ), (MESAJ,), id="both named, one held"),
    ],
)
def test_an_exact_name_of_an_allowed_brand_is_a_refusal(
    rows: list[Record | Objection], types: Types, ended: tuple[ConsentType, ...]
) -> None:
    chat = Chat(*rows)

    told = chat.say(alone(MIGROS, types))

    assert isinstance(told, RetAnswer)
    assert (told.brand, told.ended) == (MIGROS, ended)


@pytest.mark.parametrize("by", [pytest.param(True, id="exact"), pytest.param(False, id="near miss")])
@pytest.mark.parametrize(
    ("rows", "types"),
    [
        pytest.param([], (), id="no record"),
        pytest.param([record(MIGROS, status=RET)], (), id="refused"),
        pytest.param([objection(MIGROS)], (), id="objection"),
        pytest.param([record(MIGROS, ARAMA)], (), id="only calls are allowed"),
        pytest.param([record(MIGROS)], (ARAMA,), id="only messages are allowed, calls named"),
        pytest.param([record(MIGROS)], (EPOSTA,), id="e-mail"),
        pytest.param([record(BOYNER)], (), id="another brand is allowed"),
    ],
)
def test_a_brand_without_permission_is_asked_about(rows: list[Record | Objection], types: Types, by: bool) -> None:
    chat = Chat(*rows)

    assert chat.say(BrandAlone(BrandMention("migros", (MIGROS,), exact=by), types)) == BrandAsked(MIGROS, chat.now)
    assert not chat.changes
    assert chat.conversation == NEW


def test_a_near_miss_of_an_allowed_brand_waits_for_evet() -> None:
    chat = Chat(record(MIGROS), record(MIGROS, ARAMA), record(BOYNER))

    assert chat.say(BrandAlone(near(MIGROS))) == BrandMeant(MIGROS, (MESAJ,), chat.now)
    assert not chat.changes
    chat.say(Evet())

    assert chat.allowed() == {MIGROS.code: (ARAMA,), BOYNER.code: (MESAJ,)}


def test_an_exact_name_of_two_brands_is_the_citizens_own() -> None:
    chat = Chat(record(DENIZLI))

    told = chat.say(BrandAlone(DENIZ._replace(exact=True)))

    assert isinstance(told, RetAnswer)
    assert told.brand == DENIZLI


@pytest.mark.parametrize(
    ("mention", "told"),
    [pytest.param(DENIZ, WhichBrand, id="of nobody's own"), pytest.param(near(DENIZLI), BrandAsked, id="clear")],
)
def test_an_unclear_name_alone_changes_nothing(mention: BrandMention, told: type[object]) -> None:
    chat = Chat(record(MIGROS))

    assert isinstance(chat.say(BrandAlone(mention)), told)
    assert not chat.changes


@pytest.mark.parametrize(
    ("intent", "told"),
    [
        pytest.param(ADVERT, BrandAsked(MIGROS, NOW), id="a brand in it"),
        pytest.param(NotUnderstood((DENIZ, BrandMention.of(MIGROS))), BrandAsked(MIGROS, NOW), id="the clear one"),
        pytest.param(NotUnderstood((DENIZ,)), NotUnderstoodAnswer(NOW), id="no clear brand"),
        pytest.param(NotUnderstood(), NotUnderstoodAnswer(NOW), id="no brand"),
    ],
)
def test_an_advert_is_asked_about_and_never_acted_on(intent: Intent, told: object) -> None:
    chat = Chat(record(MIGROS), record(BOYNER))

    assert chat.say(intent, text="Migros'ta indirim! RET MIGROS yaz 4609'a gonder B001") == told
    assert not chat.changes
    assert chat.conversation.questions == ()
    assert not isinstance(chat.say(Evet()), RetAnswer)


@pytest.mark.parametrize(
    ("again", "waits", "is_silent"),
    [
        pytest.param("Migros: 23.11 14:05 toplantıdayım", 0, True, id="the same text"),
        pytest.param("MIGROS: 23.11 14:09 toplantıdayım", 60_000, True, id="another time in it"),
        pytest.param("Migros: 23.11 14:05 toplantıdayım", HOUR_MS - 1, True, id="within the hour"),
        pytest.param("Migros: 23.11 15:05 toplantıdayım", HOUR_MS, False, id="an hour later"),
        pytest.param("Migros'ta indirim", 0, False, id="another text"),
    ],
)
def test_an_auto_responder_ends_after_one_turn(again: str, waits: int, is_silent: bool) -> None:
    chat = Chat(record(MIGROS))
    chat.say(ADVERT, text="Migros: 23.11 14:05 toplantıdayım")

    assert isinstance(chat.wait(waits).say(ADVERT, text=again), Silence if is_silent else BrandAsked)


def test_help_tells_more_the_second_time_and_begins_anew_after_an_hour() -> None:
    chat = Chat(rules=Rules(voice_number="3338"))

    told = [chat.wait(milliseconds).say(Yardim()) for milliseconds in (0, HOUR_MS - 1, 1)]

    assert [(one.voice_number, one.more) for one in told if isinstance(one, Help)] == [
        *(("3338", False), ("3338", True), ("3338", False)),
    ]


def test_a_message_that_cannot_be_read_changes_nothing() -> None:
    chat = Chat(record(MIGROS))

    assert chat.say(Unreadable("data_coding 0x04")) == SetAside(RECEIPT)
    assert not chat.changes


def test_digits_are_never_a_brand() -> None:
    chat = Chat(record(MIGROS))

    assert chat.say(Digits((), "600100")) == NotUnderstoodAnswer(chat.now)
    assert not chat.changes

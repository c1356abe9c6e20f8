"""Every word of `words.toml` in a text of its kind; slips, glued verbs, and the way entries are written."""

import tomllib
from importlib.resources import files

import pytest

from core.brands.brand import Brand
from core.brands.directory import Directory
from core.conversation.requests import (
    Devam,
    Digits,
    Durum,
    Evet,
    Intent,
    Language,
    NotUnderstood,
    Onay,
    Ret,
    RetAll,
    RetAlone,
    Sikayet,
    Yardim,
)
from sms.reader.lexicon import RESERVED_WORDS, Kind, is_unmistakable, slip_of, spellings, unglued
from sms.reader.read import read

MIGROS, TEKNOSA = Brand("600100", "MİGROS", ("MGR",)), Brand("600101", "Teknosa")
DIRECTORY = Directory([MIGROS, TEKNOSA])

GROUPS = tomllib.loads(files("sms.reader").joinpath("words.toml").read_text("utf-8"))["group"]

# A text around a word of the kind, and what it comes to.
FRAMES: dict[Kind, tuple[str, type[Intent]]] = {
    Kind.COMMAND: ("{}", RetAlone),
    Kind.WEAK: ("{}", RetAlone),
    Kind.OBJECT: ("migros {}", Ret),
    Kind.SENDING: ("migros mesaj {}", Ret),
    Kind.REFUSAL: ("{}", RetAlone),
    Kind.UNWANTED: ("migros sms {}", Ret),
    Kind.LEAVING: ("migros {} istiyorum", Ret),
    Kind.WANTED: ("migros iptal {}", Ret),
    Kind.CARRY: ("migros iptal {}", Ret),
    Kind.TYPE: ("RET MIGROS {}", Ret),
    Kind.ALL: ("RET {}", RetAll),
    Kind.EVERY: ("{} mesaj iptal", RetAll),
    Kind.GLUE: ("migros mesajları {} istemiyorum", Ret),
    Kind.HOLDER: ("{} migros iptal edin", Ret),
    Kind.RECEIVING: ("migrostan mesaj {} istemiyorum", Ret),
    Kind.REPORTING: ("migros mesaj {} iptal edin", Ret),
    Kind.POLITE: ("RET MIGROS {}", Ret),
    Kind.AND: ("RET MIGROS {} TEKNOSA", Ret),
    Kind.LEGAL: ("RET MIGROS {}", Ret),
    Kind.LIST: ("{}", RetAlone),
    Kind.ONAY: ("{}", Onay),
    Kind.ONAY_BESIDE: ("{} MIGROS", Onay),
    Kind.DURUM: ("{} MIGROS", Durum),
    Kind.SIKAYET: ("{} MIGROS", Sikayet),
    Kind.ABOUT: ("ŞİKAYET MIGROS {}", Sikayet),
    Kind.YARDIM: ("{}", Yardim),
    Kind.EVET: ("{}", Evet),
    Kind.DEVAM: ("{}", Devam),
    Kind.LANGUAGE_EN: ("{}", Yardim),
    Kind.LANGUAGE_TR: ("{}", Yardim),
    Kind.NUMBER: ("{} 2", Digits),
    Kind.NO_SLIP: ("{} MIGROS", NotUnderstood),
    Kind.STOPPER: ("RET MIGROS {}", NotUnderstood),
}

WORDS = [
    pytest.param(Kind(group["kind"]), " ".join(path), group, id=f"{group['kind']}: {' '.join(path)}")
    for group in GROUPS
    for entry in group["words"]
    for path in dict.fromkeys(spellings(entry))
]


@pytest.mark.parametrize(("kind", "word", "group"), WORDS)
def test_every_word_does_what_its_kind_says(kind: Kind, word: str, group: dict[str, object]) -> None:
    frame, expected = FRAMES[kind]
    if kind is Kind.ALL and group.get("no"):  # all, but only under a negated verb
        frame = "{} istemiyorum"
    intent = read(frame.format(word), DIRECTORY).intent

    assert isinstance(intent, expected), intent
    if isinstance(intent, Ret):
        assert {brand for mention in intent.mentions for brand in mention.brands} >= {MIGROS}
        assert all(mention.brands for mention in intent.mentions)
        assert set(group.get("types", ())) <= set(map(str, intent.types))  # type: ignore[call-overload]
    if group.get("no") and kind is not Kind.ALL:
        assert intent == RetAlone(is_no=True)


@pytest.mark.parametrize(("kind", "word", "group"), [case for case in WORDS if case.values[2].get("english")])  # type: ignore[union-attr]
def test_two_english_words_switch_the_language(kind: Kind, word: str, group: dict[str, object]) -> None:
    assert read(f"{word} whatever brands hello", DIRECTORY).language == Language.EN


def test_no_receipt_may_read_like_a_word() -> None:
    assert {"ret", "iptal", "smsiptal", "izinver", "hepsi", "türkce".replace("ü", "u")} <= RESERVED_WORDS


@pytest.mark.parametrize(
    ("entry", "forms"),
    [
        ("İPTAL", [("iptal",)]),
        ("LİSTEDEN ÇIKAR", [("listeden", "cikar")]),
        ("RAHATSIZ ETME|ETMEYİN", [("rahatsiz", "etme"), ("rahatsiz", "etmeyin")]),
        ("I? DONT WANT", [("i", "dont", "want"), ("dont", "want")]),
        ("E-POSTA", [("e", "posta")]),
    ],
)
def test_an_entry_stands_for_its_forms(entry: str, forms: list[tuple[str, ...]]) -> None:
    assert list(spellings(entry)) == forms


@pytest.mark.parametrize(
    ("typed", "verb"),
    [
        pytest.param("rwt", "ret", id="the key beside it"),
        pytest.param("rdt", "ret", id="the same key of a phone"),
        pytest.param("rte", "ret", id="swapped"),
        pytest.param("reet", "ret", id="doubled"),
        pytest.param("rt", "ret", id="left out"),
        pytest.param("iptla", "iptal", id="swapped in İPTAL"),
        pytest.param("iptak", "iptal", id="the key beside it in İPTAL"),
        pytest.param("smsiptl", "smsiptal", id="left out of SMSİPTAL"),
        pytest.param("net", None, id="NET"),
        pytest.param("rest", None, id="REST"),
        pytest.param("rent", None, id="RENT"),
        pytest.param("set", None, id="SET"),
        pytest.param("hasir", None, id="an ordinary word beside HAYIR"),
        pytest.param("et", None, id="two letters that are a word"),
        pytest.param("migros", None, id="no slip"),
    ],
)
def test_a_slip_in_a_verb(typed: str, verb: str | None) -> None:
    assert slip_of(typed) == verb


@pytest.mark.parametrize(
    ("typed", "is_clear"), [("iptl", True), ("smsipatl", True), ("rwt", False), ("stp", False), ("kitap", False)]
)
def test_only_a_long_verb_is_unmistakable_with_a_slip(typed: str, is_clear: bool) -> None:
    assert is_unmistakable(typed) is is_clear


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("retmigros", [("ret", "migros", True)]),
        ("migrosret", [("ret", "migros", False)]),
        ("smsiptalmigros", [("smsiptal", "migros", True)]),
        ("migrossmsiptal", [("smsiptal", "migros", False), ("iptal", "migrossms", False)]),
        ("retro", []),
        ("redbul", []),
        ("nefret", []),
        ("ret", []),
    ],
)
def test_a_glued_verb_is_parted_from_the_rest(typed: str, parts: list[tuple[str, str, bool]]) -> None:
    assert list(unglued(typed)) == parts

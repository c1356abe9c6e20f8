"""Answers → SMS text, by the catalog."""

import re
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final, assert_never

from core.answers import Answer, BrandUnknown, EpostaElsewhere, NotUnderstoodAnswer, RetAnswer, SetAside
from core.clock import Instant, istanbul
from core.consent import ConsentType
from core.text import fold
from sms.segments import cost

OPERATOR_CODE: Final = " B001"
"""What operators may append to a bulk SMS (domain, Limits and habits of the networks)."""

_RECEIPT: Final = "K7M4Q2XS"  # stands for the receipt while a text is measured: all receipts are alike in size
_ECHO_MAX: Final = 20
_DIGITS_MAX: Final = 4
_WORD: Final = re.compile(r"[^\W_]+")


def _catalog(language: str) -> dict[str, Any]:
    return tomllib.loads(files("sms.texts").joinpath(f"{language}.toml").read_text("utf-8"))


_TR: Final = _catalog("tr")


def render(answer: Answer) -> str:
    """The answer as one SMS in Turkish; one segment with an operator's code, unless a brand's name is too long."""
    match answer:
        case RetAnswer():
            return _ret(answer._replace(receipt="")).replace(_RECEIPT, answer.receipt)
        case EpostaElsewhere(brand, at):
            return _other("eposta", brand=brand.label, time=_time(at))
        case BrandUnknown(name, at):
            return _brand_unknown(name, at)
        case NotUnderstoodAnswer(at):
            return _other("not_understood", time=_time(at))
        case SetAside(receipt):
            return _other("set_aside", receipt=receipt)
        case _:
            assert_never(answer)


def echo(name: str) -> str:
    """At most 20 letters and digits of an unknown word, no signs, no 5 or more digits, also not in groups: the line
    must not speak for a spoofer (domain, Outcomes)."""
    kept, size, digits = [], 0, 0
    for word in _WORD.findall(name):
        if size + len(word) > _ECHO_MAX:
            break
        if digits + sum(map(str.isdigit, word)) > _DIGITS_MAX:
            continue
        kept.append(word)
        size += len(word)
        digits += sum(map(str.isdigit, word))
    return " ".join(kept)


def _brand_unknown(name: str, at: Instant) -> str:
    """The name as it was typed, or in plain letters, or left out: the answer is one segment in any case."""
    for shown in filter(None, (echo(name), echo(fold(name)))):
        text = _other("brand_unknown", name=shown, time=_time(at))
        if _is_one_segment(text):
            return text
    return _other("brand_unnamed", time=_time(at))


@lru_cache(maxsize=4096)
def _ret(answer: RetAnswer) -> str:
    brand = answer.brand.label
    texts, tails = _TR["ret"], _TR["ret"]["tails"]
    named = {"brand": brand, "receipt": _RECEIPT, "day": f"{answer.last_lawful_day:%d.%m.%Y}"}
    if answer.newer_at is not None:
        named["newer"] = f"{istanbul(answer.newer_at):%d.%m.%Y %H:%M}"
    extra = [tails[f"allowed_{t.value}"].format(command=_command(brand, (t,))) for t in answer.allowed]
    if answer.ended:
        sentence = texts["ended"].format(what=_what(answer.ended), **named)
        extra = [*_none_too((*answer.already, *answer.kept)), *_newer_too(answer, named), *extra]
    elif answer.newer:
        named["command"] = _command(brand, answer.newer)
        sentence = texts["newer"].format(**named)
        if not _is_one_segment(sentence):
            sentence = texts["newer_short"].format(**named)
        extra = _none_too((*answer.already, *answer.kept))
    elif answer.already:
        assert answer.since is not None, "an answer with `already` says since when"
        sentence = texts["already"].format(
            what=_what(answer.already), since=f"{istanbul(answer.since):%d.%m.%Y}", **named
        )
        extra = [*_none_too(answer.kept), *extra]
    else:
        sentence = texts["kept"].format(**named)
    return _fitting(sentence, extra)


def _fitting(sentence: str, extra: Sequence[str]) -> str:
    """The sentence and as many of its tails as one segment takes."""
    for tail in extra:
        longer = f"{sentence} {tail}"
        if _is_one_segment(longer):
            sentence = longer
    return sentence


def _is_one_segment(text: str) -> bool:
    return cost(text + OPERATOR_CODE, "turkish-single").segments == 1


def _none_too(types: Sequence[ConsentType]) -> list[str]:
    return [_TR["ret"]["tails"]["none_too"].format(other=_TR["other"][t.value]) for t in types]


def _newer_too(answer: RetAnswer, named: dict[str, str]) -> list[str]:
    return [_TR["ret"]["tails"]["newer_too"].format(**named)] if answer.newer else []


def _types_key(types: Sequence[ConsentType]) -> str:
    return "_".join(sorted(t.value for t in types))


def _what(types: Sequence[ConsentType]) -> str:
    return str(_TR["what"][_types_key(types)])


def _command(brand: str, types: Sequence[ConsentType]) -> str:
    return str(_TR["ret"]["command"][_types_key(types)].format(brand=brand))


def _other(which: str, **named: str) -> str:
    return str(_TR["other_answers"][which].format(**named))


@lru_cache(maxsize=1024)
def _minute(minute: int) -> str:
    return f"{istanbul(Instant(minute * 60_000)):%H:%M}"


def _time(at: Instant) -> str:
    return _minute(at // 60_000)

"""Answers with numbers to choose by, and about choosing."""

from collections.abc import Sequence
from itertools import product
from typing import Final

from core.brands.brand import Brand
from core.conversation.answers import (
    ListPage,
    NoSuchNumber,
    NothingOnRecord,
    NumberWanted,
    OneOnRecord,
    TwoLists,
    Unclear,
    WhichBrand,
)
from core.domain.clock import Instant
from sms.texts.catalog import Catalog, time_of
from sms.texts.echo import echo_sendable, echo_several
from sms.texts.fitting import fits, fitting

_SEGMENTS_MAX: Final = 2
_LABEL_LETTERS: Final = (None, 32, 24, 16)  # of a name in a line: all, or fewer where two segments are exceeded
_EXAMPLE_LINES_MIN: Final = 5  # from so many lines on, "2 5" are numbers of the list

_Line = tuple[int, Brand, bool]  # number, brand, whether only calls stand


def list_page(answer: ListPage, texts: Catalog) -> str:
    """One segment, or two where names are long."""
    which = ("list.only" if answer.first else "list.last") if answer.last else "list.more"
    example = "2 5" if answer.total >= _EXAMPLE_LINES_MIN else "1 2"
    heads = [texts.counted("list", answer.total)] if answer.first else [""]
    return _numbered(heads, answer.lines, texts.forms(which, example=example, n=str(answer.total)), answer.at, texts)


def which_brand(answer: WhichBrand, texts: Catalog) -> str:
    """One segment, or two where names are long."""
    return _numbered(
        _heads(answer.unclear, texts), _options(answer.unclear), texts.forms(f"which.{answer.verb}"), answer.at, texts
    )


def which_too(unclear: Unclear, texts: Catalog) -> list[str]:
    """The question which brand's adverts to end, as it stands behind an act, from its longest form to its shortest."""
    foot = texts.forms("which.ret")[-1]
    return [
        _joined(head, _options(unclear), foot, letters, texts)
        for letters, head in product(_LABEL_LETTERS, _heads(unclear, texts))
    ]


def nothing_on_record(answer: NothingOnRecord, texts: Catalog) -> str:
    return fitting(texts.forms("list.nothing"), end=time_of(answer.at))


def one_on_record(answer: OneOnRecord, texts: Catalog) -> str:
    forms = texts.forms("list.one", brand=texts.label(answer.brand), what=texts.of("what", answer.types))
    return fitting(forms, end=time_of(answer.at))


def no_such_number(answer: NoSuchNumber, texts: Catalog) -> str:
    shown = echo_several(map(str, answer.numbers))
    forms = texts.forms("list.no_such_numbers", last=str(answer.last))
    if len(shown) == len(answer.numbers):
        forms = [*texts.forms("list.no_such_number", numbers=", ".join(shown), last=str(answer.last)), *forms]
    return fitting(forms, end=time_of(answer.at))


def two_lists(answer: TwoLists, texts: Catalog) -> str:
    forms = texts.forms(
        "list.two_lists", n=str(answer.number), older=texts.label(answer.older), newer=texts.label(answer.newer)
    )
    return fitting(forms, end=time_of(answer.at))


def number_wanted(answer: NumberWanted, texts: Catalog) -> str:
    return fitting(texts.forms("list.number_wanted"), end=time_of(answer.at))


def _heads(unclear: Unclear, texts: Catalog) -> list[str]:
    typed, bare = echo_sendable(unclear.typed), texts.text("which.bare")
    return [texts.text("which.typed", typed=typed), bare] if typed else [bare]


def _options(unclear: Unclear) -> list[_Line]:
    return [(number, brand, False) for number, brand in unclear.options]


def _numbered(heads: Sequence[str], lines: Sequence[_Line], feet: Sequence[str], at: Instant, texts: Catalog) -> str:
    end = time_of(at)
    forms = [_joined(head, lines, foot, letters, texts) for letters, head, foot in product(_LABEL_LETTERS, heads, feet)]
    text = fitting(forms[: len(heads) * len(feet)], end=end)
    return text if fits(text) else fitting(forms, end=end, segments=_SEGMENTS_MAX)


def _joined(head: str, lines: Sequence[_Line], foot: str, letters: int | None, texts: Catalog) -> str:
    """`letters` of each name, or all."""
    shown = [
        texts.text(
            "list.line_calls" if calls else "list.line", n=str(number), brand=texts.label(brand)[:letters].strip()
        )
        for number, brand, calls in lines
    ]
    return "\n".join(filter(None, (head, *shown, foot)))

"""The reader against the labelled texts: nearly every refusal understood, no wrong brand, no act on what is no wish."""

import sys
from collections.abc import Iterable

from core.brands.directory import Directory
from core.conversation.requests import BrandAlone, Mention, Onay, OnayAll, Ret, RetAll, RetAlone, Wish
from sms.reader.read import read
from tests.sms.reader.labelled import Labelled, brands, refusals, silent

UNDERSTOOD_MIN = 0.99
REFUSALS_MIN = 1200
SILENT_MIN = 300

DIRECTORY = Directory(brands())


def acts_on(wish: Wish) -> set[str]:
    """The brands that a wish changes something for, without a question asked."""
    named: tuple[Mention, ...] = ()
    if isinstance(wish, Ret | Onay):
        named = wish.mentions
    elif isinstance(wish, BrandAlone) and wish.mention.exact:
        named = (wish.mention,)
    return {mention.brands[0].code for mention in named if len(mention.brands) == 1}


def show(lines: Iterable[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


def is_as_meant(row: Labelled, wish: Wish) -> bool:
    intent = "brand" if isinstance(wish, BrandAlone) else "ret" if isinstance(wish, Ret | RetAlone) else "other"
    scope = sorted(getattr(wish, "types", ()))
    return (intent, sorted(acts_on(wish)), scope) == (row.intent, row.brands, row.scope)


def test_nearly_all_refusals_are_understood_and_none_acts_on_a_wrong_brand() -> None:
    rows = refusals()
    read_as = [(row, read(row.text, DIRECTORY).said) for row in rows]
    missed = [(row, wish) for row, wish in read_as if not is_as_meant(row, wish)]
    wrong = [row for row, wish in read_as if acts_on(wish) - set(row.brands)]
    show(f"{row.label}: {row.text!r} was read as {type(wish).__name__} {sorted(acts_on(wish))}" for row, wish in missed)

    assert len(rows) >= REFUSALS_MIN
    assert not wrong
    assert 1 - len(missed) / len(rows) >= UNDERSTOOD_MIN


def test_what_is_no_wish_does_not_act() -> None:
    rows = silent()
    acting = []
    for row in rows:
        wish = read(row.text, DIRECTORY).said
        if acts_on(wish) or isinstance(wish, Ret | RetAlone | RetAll | Onay | OnayAll):
            acting.append(row)
    show(f"{row.label}: {row.text!r}" for row in acting)

    assert len(rows) >= SILENT_MIN
    assert not acting

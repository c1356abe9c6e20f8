"""The reader against the labelled texts: nearly every refusal understood, no wrong brand, no act on what is no
intent."""

import sys
from collections.abc import Iterable

from core.brands.directory import Directory
from core.conversation.requests import BrandAlone, BrandMention, Intent, Onay, OnayAll, Ret, RetAll, RetAlone
from sms.reader.read import read
from tests.sms.reader.labelled import Labelled, brands, refusals, silent

UNDERSTOOD_MIN = 0.99
REFUSALS_MIN = 1200
SILENT_MIN = 300

DIRECTORY = Directory(brands())


def acts_on(intent: Intent) -> set[str]:
    """The brands that a intent changes something for, without a question asked."""
    named: tuple[BrandMention, ...] = ()
    if isinstance(intent, Ret | Onay):
        named = intent.mentions
    elif isinstance(intent, BrandAlone) and intent.mention.exact:
        named = (intent.mention,)
    return {mention.brands[0].code for mention in named if len(mention.brands) == 1}


def show(lines: Iterable[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


def is_as_meant(row: Labelled, intent: Intent) -> bool:
    name = "brand" if isinstance(intent, BrandAlone) else "ret" if isinstance(intent, Ret | RetAlone) else "other"
    scope = sorted(getattr(intent, "types", ()))
    return (name, sorted(acts_on(intent)), scope) == (row.intent, row.brands, row.scope)


def test_nearly_all_refusals_are_understood_and_none_acts_on_a_wrong_brand() -> None:
    rows = refusals()
    read_as = [(row, read(row.text, DIRECTORY).intent) for row in rows]
    missed = [(row, intent) for row, intent in read_as if not is_as_meant(row, intent)]
    wrong = [row for row, intent in read_as if acts_on(intent) - set(row.brands)]
    show(
        f"{row.label}: {row.text!r} was read as {type(intent).__name__} {sorted(acts_on(intent))}"
        for row, intent in missed
    )

    assert len(rows) >= REFUSALS_MIN
    assert not wrong
    assert 1 - len(missed) / len(rows) >= UNDERSTOOD_MIN


def test_what_is_no_wish_does_not_act() -> None:
    rows = silent()
    acting = []
    for row in rows:
        intent = read(row.text, DIRECTORY).intent
        if acts_on(intent) or isinstance(intent, Ret | RetAlone | RetAll | Onay | OnayAll):
            acting.append(row)
    show(f"{row.label}: {row.text!r}" for row in acting)

    assert len(rows) >= SILENT_MIN
    assert not acting

"""The answer to a refusal of several brands: each outcome with its brands, or with their number where room is short."""

from collections.abc import Collection, Sequence
from itertools import chain
from typing import Final

from core.conversation.answers import RetAnswer, RetSeveral
from core.domain.consent import ConsentType
from sms.texts.catalog import Catalog, day
from sms.texts.echo import echo_several
from sms.texts.fitting import fits, squeezed
from sms.texts.lists import which_too
from sms.texts.names import names_forms

_GIVING_UP: Final = ("allowed", "already", "kept", "ended")
_GIVING_UP_LAST: Final = ("missing", "newer", "unknown", "unclear")  # what the citizen has to do something about


def ret_several(answer: RetSeveral, texts: Catalog) -> str:
    """One segment; two where a question follows, or where names would be left out that the citizen has to know."""
    outcomes = answer.outcomes
    parts = {
        "ended": _ended(answer, texts),
        "already": _group(texts, "already", [o for o in outcomes if o.already and not o.ended and not o.newer]),
        "kept": _group(texts, "kept", [o for o in outcomes if o.kept and not (o.ended or o.newer or o.already)]),
        "newer": _group(texts, "newer", [o for o in outcomes if o.newer]),
        "unknown": _unknown(answer.unknown, texts),
        "missing": _missing(answer.missing, texts),
        "receipt": [texts.text("several.receipt", receipt=answer.receipt)],
        "allowed": _allowed(outcomes, texts),
        "unclear": which_too(answer.unclear, texts) if answer.unclear else [""],
    }
    forms, order = list(parts.values()), list(parts)
    giving_up = [order.index(name) for name in _GIVING_UP]
    if answer.unclear is None:
        text = squeezed(forms, giving_up)
        if fits(text):
            return text
    return squeezed(forms, [*giving_up, *[order.index(name) for name in _GIVING_UP_LAST]], segments=2)


def _ended(answer: RetSeveral, texts: Catalog) -> list[str]:
    ended = [outcome for outcome in answer.outcomes if outcome.ended]
    if not ended:
        return [""]
    named = {"day": day(answer.last_lawful_day)}
    if len({frozenset(outcome.ended) for outcome in ended}) == 1:
        which, labels = "several.ended", [texts.label(outcome.brand) for outcome in ended]
        named["kind"] = texts.of("kind_first", ended[0].ended)
    else:
        which, labels = "several.ended_mixed", [_with_kind(outcome, texts) for outcome in ended]
    if len(ended) == 1:
        return texts.forms(f"{which}_count", brands=labels[0], **named)
    named["brands"] = texts.counted("brands", len(ended))
    *some, _count = names_forms(texts, labels, len(ended))
    return [*(texts.text(which, names=names, **named) for names in some), texts.text(f"{which}_count", **named)]


def _with_kind(outcome: RetAnswer, texts: Catalog) -> str:
    return texts.text("several.with_kind", brand=texts.label(outcome.brand), kind=texts.of("kind", outcome.ended))


def _group(texts: Catalog, which: str, outcomes: Sequence[RetAnswer]) -> list[str]:
    if not outcomes:
        return [""]
    labels = [texts.label(outcome.brand) for outcome in outcomes]
    return [texts.text(f"several.{which}", names=names) for names in names_forms(texts, labels, len(labels))]


def _unknown(names: Sequence[str], texts: Catalog) -> list[str]:
    if not names:
        return [""]
    quoted = [f'"{name}"' for name in echo_several(names)]
    return [texts.text("several.unknown", names=form) for form in names_forms(texts, quoted, len(names), "names")]


def _missing(numbers: Collection[int], texts: Catalog) -> list[str]:
    """That the list lacks these numbers, named as far as they may be repeated."""
    if not numbers:
        return [""]
    some = texts.text("several.missing_some")
    shown = echo_several(map(str, numbers))
    return [texts.text("several.missing", numbers=", ".join(shown)), some] if len(shown) == len(numbers) else [some]


def _allowed(outcomes: Sequence[RetAnswer], texts: Catalog) -> list[str]:
    """The way to end calls too, where they are what remains."""
    remaining = set(chain.from_iterable(outcome.allowed for outcome in outcomes))
    return [texts.text("several.allowed"), ""] if remaining == {ConsentType.ARAMA} else [""]

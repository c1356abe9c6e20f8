"""Answers about refusing one brand, and all."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from core.conversation.answers import EpostaElsewhere, RetAllDone, RetAllQuestion, RetAnswer
from core.domain.consent import ConsentType
from sms.texts.catalog import Catalog, day, day_and_time, time_of
from sms.texts.fitting import fitting

# Stands for the receipt in the cache: as dear as every receipt, and in no brand's name.
_RECEIPT: Final = "¤" * 8


def ret(answer: RetAnswer, texts: Catalog) -> str:
    return _ret(answer._replace(receipt=_RECEIPT), texts).replace(_RECEIPT, answer.receipt)


@lru_cache(maxsize=4096)
def _ret(answer: RetAnswer, texts: Catalog) -> str:
    """The outcome that concerns the citizen most, and the others in tails. What stands in spite of the wish is said
    in any case."""
    if answer.ended:
        return _ended(answer, texts)
    if answer.newer:
        return _newer(answer, texts)
    brand, receipt = texts.label(answer.brand), answer.receipt
    allowed = _allowed(answer, texts)
    if answer.already:
        assert answer.since is not None, "an answer with `already` says since when"
        sentence = texts.text(
            "ret.already",
            brand=brand,
            reach=texts.of("reach", answer.already),
            since=day(answer.since),
            receipt=receipt,
        )
        comes = texts.of("ret.comes_still", (*answer.already, *answer.kept), brand=brand)
        return fitting([sentence], [*_none_too(answer.kept, answer.already, texts), comes, *allowed])
    if answer.allowed:
        sentence = texts.of("ret.kept_one", answer.kept, brand=brand, receipt=receipt)
    else:
        sentence = texts.text("ret.kept", brand=brand, receipt=receipt)
    return fitting([sentence], [texts.of("ret.comes", answer.kept, brand=brand), *allowed])


def _ended(answer: RetAnswer, texts: Catalog) -> str:
    named = {
        "brand": texts.label(answer.brand),
        "what": texts.of("what", answer.ended),
        "day": day(answer.last_lawful_day),
        "receipt": answer.receipt,
    }
    tails = [*_none_too((*answer.already, *answer.kept), answer.ended, texts), *_allowed(answer, texts)]
    if answer.newer:
        assert answer.newer_at is not None, "an answer with `newer` says from when"
        forms = texts.forms(
            "ret.ended_newer", kind=texts.of("kind", answer.ended), newer=day_and_time(answer.newer_at), **named
        )
        return fitting(forms, tails)
    if ConsentType.MESAJ in answer.ended:
        tails.append(texts.text("ret.tails.information"))
    return fitting([texts.text("ret.ended", **named)], tails)


def _newer(answer: RetAnswer, texts: Catalog) -> str:
    assert answer.newer_at is not None, "an answer with `newer` says from when"
    brand = texts.label(answer.brand)
    forms = texts.forms(
        "ret.newer",
        brand=brand,
        newer=day_and_time(answer.newer_at),
        command=texts.command(brand, answer.newer),
        receipt=answer.receipt,
    )
    return fitting(forms, _none_too((*answer.already, *answer.kept), answer.newer, texts))


def _none_too(types: Sequence[ConsentType], told: Sequence[ConsentType], texts: Catalog) -> list[str]:
    """That there was no permission of these types, without those of which more was told: a brand may have a record of
    each recipient type, and the answer does not say which."""
    return [texts.of("ret.none_too", (kind,)) for kind in types if kind not in told]


def _allowed(answer: RetAnswer, texts: Catalog) -> list[str]:
    brand = texts.label(answer.brand)
    return [texts.of("ret.allowed", (kind,), command=texts.command(brand, (kind,))) for kind in answer.allowed]


def ret_all_question(answer: RetAllQuestion, texts: Catalog) -> str:
    return texts.text(
        "all.question",
        of_brands=texts.counted("of_brands", answer.brands),
        kind=texts.of("kind", answer.types),
        hours=texts.counted("hours", answer.hours),
        receipt=answer.receipt,
    )


def ret_all_done(answer: RetAllDone, texts: Catalog) -> str:
    receipt = answer.receipt
    newer_brands = texts.counted("of_brands", answer.newer)
    if not answer.brands:
        if answer.newer:
            return texts.text("all.newer", newer_brands=newer_brands, receipt=receipt)
        return texts.of("all.none", answer.types, receipt=receipt)
    named = {
        "of_brands": texts.counted("of_brands", answer.brands),
        "kind": texts.of("kind_first", answer.types),
        "day": day(answer.last_lawful_day),
        "receipt": receipt,
    }
    if answer.newer:
        sentence = texts.text("all.done_newer", newer_brands=newer_brands, **named)
    else:
        sentence = texts.text("all.done", **named)
    return fitting([sentence], [texts.text("ret.tails.information")] if ConsentType.MESAJ in answer.types else [])


def eposta_elsewhere(answer: EpostaElsewhere, texts: Catalog) -> str:
    which = "eposta.onay" if answer.onay else "eposta.ret"
    return fitting(texts.forms(which, brand=texts.label(answer.brand)), end=time_of(answer.at))

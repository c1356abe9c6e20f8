"""Answers about brands that were not found or named without a wish, about questions that are over, and help."""

from core.conversation.answers import (
    BrandAsked,
    BrandMeant,
    BrandUnknown,
    Cancelled,
    Help,
    NothingOpen,
    NotUnderstoodAnswer,
    ReviewResult,
    SetAside,
    TooLate,
)
from core.domain.consent import ConsentType
from core.domain.text import fold
from sms.texts.catalog import Catalog, time_of
from sms.texts.echo import echo
from sms.texts.fitting import fitting
from sms.texts.letters import sentence


def brand_unknown(answer: BrandUnknown, texts: Catalog) -> str:
    """The name as it was typed, or in plain letters, or left out: the answer is one segment in any case."""
    names = filter(None, (echo(answer.name), echo(fold(answer.name))))
    forms = [texts.text("general.brand_unknown", name=name) for name in names]
    forms.append(texts.text("general.brand_unnamed"))
    return fitting(forms, [texts.text("general.brand_complaint")], time_of(answer.at))


def brand_asked(answer: BrandAsked, texts: Catalog) -> str:
    return fitting(texts.forms("general.brand_asked", brand=texts.label(answer.brand)), end=time_of(answer.at))


def brand_meant(answer: BrandMeant, texts: Catalog) -> str:
    brand = texts.label(answer.brand)
    forms = texts.forms(
        "general.brand_meant",
        brand=brand,
        command=texts.command(brand, answer.types),
        what=texts.of("what", answer.types),
        kind=texts.of("kind", answer.types),
    )
    return fitting(forms, end=time_of(answer.at))


def cancelled(answer: Cancelled, texts: Catalog) -> str:
    return fitting(texts.forms("general.cancelled"), end=time_of(answer.at))


def too_late(answer: TooLate, texts: Catalog) -> str:
    """Where the command needs a brand and there is none, the list is the way to begin again."""
    again = answer.again or "list"
    if answer.brand is not None and again == "ret":
        command = texts.command(texts.label(answer.brand), answer.types or (ConsentType.MESAJ,))
    elif answer.brand is not None:
        command = texts.text(f"again.{again}", brand=texts.label(answer.brand))
    else:
        command = texts.text("again.ret-all" if again == "ret-all" else "again.list")
    return fitting(texts.forms("general.too_late", command=command), end=time_of(answer.at))


def nothing_open(answer: NothingOpen, texts: Catalog) -> str:
    return fitting(texts.forms("general.nothing_open"), end=time_of(answer.at))


def not_understood(answer: NotUnderstoodAnswer, texts: Catalog) -> str:
    return fitting(texts.forms("general.not_understood"), end=time_of(answer.at))


def set_aside(answer: SetAside, texts: Catalog) -> str:
    return texts.text("general.set_aside", receipt=answer.receipt)


def review_result(answer: ReviewResult, texts: Catalog) -> str:
    """More segments where the words are many."""
    return texts.text("general.review_result", words=sentence(answer.words), receipt=answer.receipt)


def help_text(answer: Help, texts: Catalog) -> str:
    if answer.more:
        return fitting(texts.forms("general.help_more"), end=time_of(answer.at))
    voice = [] if answer.voice_number is None else [texts.text("general.help_voice", number=answer.voice_number)]
    return fitting(texts.forms("general.help"), voice, time_of(answer.at))

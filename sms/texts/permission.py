"""Answers about allowing a brand."""

from core.conversation.answers import (
    AlreadyAllowed,
    BrandClosed,
    CodesUsedUp,
    OnayDone,
    OnayQuestion,
    OneAtATime,
    WrongCode,
)
from sms.texts.catalog import Catalog, time_of, types_key
from sms.texts.fitting import fitting


def onay_question(answer: OnayQuestion, texts: Catalog) -> str:
    which = "onay.question_by_call" if answer.by_call else "onay.question"
    return fitting(
        texts.forms(
            f"{which}.{types_key(answer.types)}",
            brand=texts.label(answer.brand),
            minutes=texts.counted("minutes", answer.minutes),
            code=answer.code,
        )
    )


def onay_done(answer: OnayDone, texts: Catalog) -> str:
    brand = texts.label(answer.brand)
    return fitting(
        texts.forms(
            f"onay.done.{types_key(answer.types)}",
            brand=brand,
            receipt=answer.receipt,
            command=texts.command(brand, answer.types),
        )
    )


def already_allowed(answer: AlreadyAllowed, texts: Catalog) -> str:
    brand = texts.label(answer.brand)
    forms = texts.forms(
        f"onay.already.{types_key(answer.types)}", brand=brand, command=texts.command(brand, answer.types)
    )
    return fitting(forms, end=time_of(answer.at))


def one_at_a_time(answer: OneAtATime, texts: Catalog) -> str:
    return fitting(texts.forms("onay.other.one_at_a_time"), end=time_of(answer.at))


def brand_closed(answer: BrandClosed, texts: Catalog) -> str:
    return fitting(texts.forms("onay.other.closed", brand=texts.label(answer.brand)), end=time_of(answer.at))


def codes_used_up(answer: CodesUsedUp, texts: Catalog) -> str:
    return fitting(texts.forms("onay.other.no_more_codes"), end=time_of(answer.at))


def wrong_code(answer: WrongCode, texts: Catalog) -> str:
    brand = texts.label(answer.brand)
    if answer.left:
        forms = texts.forms("onay.other.wrong_code", brand=brand, left=str(answer.left))
    else:
        forms = texts.forms("onay.other.code_ended", brand=brand)
    return fitting(forms, end=time_of(answer.at))

"""Answers about what is allowed now, and what became of an act."""

from core.conversation.answers import ReceiptUnknown, StatusOfAct, StatusOfAll, StatusOfBrand
from core.domain.consent import ConsentType
from sms.texts.catalog import Catalog, day_and_time, time_of
from sms.texts.echo import echo
from sms.texts.fitting import fitting
from sms.texts.names import names_forms


def status_of_all(answer: StatusOfAll, texts: Catalog) -> str:
    end = time_of(answer.at)
    if not answer.total:
        return fitting(texts.forms("status.none"), end=end)
    of_brands = texts.counted("of_brands", answer.total)
    *some, _count = names_forms(texts, [texts.label(brand) for brand in answer.brands], answer.total)
    forms = [texts.text("status.all", of_brands=of_brands, names=names) for names in some]
    tails = [texts.text("status.list"), texts.text("status.all_brand")]
    return fitting([*forms, texts.text("status.all_count", of_brands=of_brands)], tails, end)


def status_of_brand(answer: StatusOfBrand, texts: Catalog) -> str:
    brand = texts.label(answer.brand)
    sentence = texts.text(
        "status.brand",
        brand=brand,
        now=day_and_time(answer.at),
        mesaj=texts.text(f"status.state.{answer.mesaj}"),
        arama=texts.text(f"status.state.{answer.arama}"),
    )
    states = {ConsentType.MESAJ: answer.mesaj, ConsentType.ARAMA: answer.arama}
    allowed = [kind for kind, state in states.items() if state == "allowed"]
    if allowed:
        way_out = texts.of("status.end", allowed, command=texts.command(brand, allowed))
    else:
        way_out = texts.text("status.comes", brand=brand)
    return fitting([sentence], [way_out, texts.text("status.list")])


def status_of_act(answer: StatusOfAct, texts: Catalog) -> str:
    named = {"receipt": answer.receipt, "acted": day_and_time(answer.acted_at)}
    end = time_of(answer.at)
    if answer.what in ("question", "set-aside", "resolved"):
        return fitting(texts.forms(f"status.act.{answer.what}", **named), end=end)
    if answer.what == "unchanged" and not answer.total:
        return fitting(texts.forms("status.act.unchanged_all", **named), end=end)
    names = names_forms(texts, [texts.label(brand) for brand in answer.brands], answer.total)
    return fitting([texts.text(f"status.act.{answer.what}", brands=form, **named) for form in names], end=end)


def receipt_unknown(answer: ReceiptUnknown, texts: Catalog) -> str:
    """The receipt is a word that the line does not know: it is repeated like one."""
    if echo(answer.receipt) == answer.receipt:
        forms = texts.forms("status.act.none", receipt=answer.receipt)
    else:
        forms = texts.forms("status.act.none_bare")
    return fitting(forms, end=time_of(answer.at))

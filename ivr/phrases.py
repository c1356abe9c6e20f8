"""Phrases of a call: the question of each state, and the outcome of each act.

To a caller who has not proven to hold the number, an outcome is told so that it does not say what stood before; the
SMS to the number itself tells it whole.
"""

from typing import Final, assert_never

from core.conversation.answers import Answer, ComplaintQuestion, OnayDone, RetAllDone, RetAnswer, SetAside, Unspoken
from core.conversation.requests import Types
from core.domain.consent import ConsentType
from ivr.speech import Counted, Dated, Fixed, Named, Speech, Spelled
from ivr.states import (
    BrandChoice,
    BrandEntry,
    Call,
    Confirm,
    ConfirmReport,
    ListOffer,
    MainMenu,
    More,
    NumberEntry,
    OnayEntry,
    ProofEntry,
    Question,
    Reading,
    TypeChoice,
)

LINES_READ: Final = 5
"""Of a list, before it is asked whether to go on."""

MESAJ_ONLY: Final = (ConsentType.MESAJ,)
ARAMA_ONLY: Final = (ConsentType.ARAMA,)


def question_of(call: Call, question: Question, *, has_agent: bool) -> Speech:
    """The question, without the notice before it."""
    match question:
        case MainMenu():
            # First what nearly everybody calls for; whoever needs another key goes on listening.
            agent = (Fixed("main.agent"),) if has_agent else ()
            first, rest = ("main.menu", "main.rest") if call.takes_messages else ("main.menu_fixed", "main.rest_fixed")
            return (Fixed(first), Fixed("english_offer"), Fixed(rest), *agent, Fixed("main.repeat"))
        case NumberEntry():
            return (Fixed("number.ask"),)
        case ProofEntry():
            return (Fixed("code.enter"),)
        case BrandEntry(purpose):
            return (Fixed("brand.enter_ret" if purpose == "ret" else "brand.enter"),)
        case BrandChoice(_, brands):
            choices = [part for n, brand in enumerate(brands, 1) for part in (Named(brand), Fixed(f"brand.choice.{n}"))]
            return (Fixed("brand.choose_head"), *choices)
        case TypeChoice(purpose, brand):
            return (Named(brand), Fixed("types.ask" if purpose == "ret" else "types.ask_onay"))
        case Confirm(brand, types):
            name = _name_of(types)
            return (Fixed(f"confirm_all.{name}"),) if brand is None else (Named(brand), Fixed(f"confirm.{name}"))
        case ConfirmReport(brand):
            return (Named(brand), Fixed("confirm_report"))
        case OnayEntry(is_pending=is_pending):
            return (Fixed("code.pending" if is_pending else "code.enter_onay"),)
        case ListOffer():
            return (Fixed("list.hear"),)
        case Reading():
            return (*lines_of(question), Fixed("list.more"))
        case More():
            return (Fixed("done.more"),)
        case _:
            assert_never(question)


def outcome_of(call: Call, answer: Answer | Unspoken, *, is_texted: bool) -> Speech:
    """The outcome of an act, with its receipt. Says of an SMS only where one goes out."""
    texted = (Fixed("done.texted"),) if is_texted else ()
    match answer:
        case RetAnswer():
            return (*_of_ret(call, answer), *_receipt(call, answer.receipt), *texted)
        case RetAllDone():
            return (*_stopped(answer), *_receipt(call, answer.receipt), *texted)
        case OnayDone(brand, types, receipt):
            return (Named(brand), Fixed(f"onay.done.{_name_of(types)}"), *_receipt(call, receipt), *texted)
        case ComplaintQuestion(receipt=receipt):
            asked = (Fixed("done.complaint_asked"),) if is_texted else ()
            return (Fixed("done.thanks"), *_receipt(call, receipt, "done.complaint_receipt"), *asked)
        case SetAside(receipt):
            return (Fixed("done.set_aside"), *_receipt(call, receipt))
        case _:
            raise AssertionError(f"{type(answer).__name__} is no outcome of a call's act")


def lines_of(reading: Reading) -> Speech:
    """The lines that are read out now; how many brands there are, before the first of them."""
    shown = reading.lines[reading.at : reading.at + LINES_READ]
    head: Speech = (Counted(len(reading.lines)), Fixed("list.head")) if not reading.at else ()
    lines = [part for brand, types in shown for part in (Named(brand), Fixed(f"list.{_name_of(types)}"))]
    return (*head, *lines)


def _of_ret(call: Call, answer: RetAnswer) -> Speech:
    if answer.newer:  # what stands in spite of the wish is said to anybody: "done" would be untrue
        ended = _stopped(answer) if answer.ended else ()
        return (*ended, Fixed("done.newer"))
    if call.is_proven and not answer.ended:
        return (Fixed("done.thanks"), Fixed("done.already" if answer.already else "done.kept"))
    return _stopped(answer)


def _stopped(answer: RetAnswer | RetAllDone) -> Speech:
    head, tail = Fixed("done.stops_head"), Fixed("done.stops_tail")
    return (Fixed("done.thanks"), head, Dated(answer.last_lawful_day), tail)


def _receipt(call: Call, receipt: str, heading: str = "done.receipt") -> Speech:
    """A fixed line gets no SMS: it hears the number twice, the second time slowly."""
    once = (Fixed(heading), Spelled(receipt))
    return once if call.takes_messages else (*once, Fixed("done.again"), Spelled(receipt, slowly=True))


def _name_of(types: Types) -> str:
    return "_".join(sorted(types))

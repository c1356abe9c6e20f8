"""Answers about reports of messages that still come."""

from core.brands.brand import Brand
from core.conversation.answers import ComplaintOpened, ComplaintQuestion, ComplaintResult, StatusOfComplaint
from sms.texts.catalog import Catalog, day, time_of
from sms.texts.echo import echo_sendable
from sms.texts.fitting import fitting
from sms.texts.letters import sentence


def complaint_question(answer: ComplaintQuestion, texts: Catalog) -> str:
    named = {"receipt": answer.receipt, "hours": texts.counted("hours", answer.hours)}
    subject = _subject(answer.brand, answer.name, texts)
    if not subject:
        return fitting(texts.forms("complaint.question_bare", **named))
    if answer.until is None:
        return fitting(texts.forms("complaint.question", subject=subject, **named))
    return fitting(texts.forms("complaint.question_until", subject=subject, until=day(answer.until), **named))


def complaint_opened(answer: ComplaintOpened, texts: Catalog) -> str:
    if answer.brand is None:
        forms = texts.forms("complaint.opened_bare", receipt=answer.receipt)
    else:
        forms = texts.forms("complaint.opened", subject=texts.label(answer.brand), receipt=answer.receipt)
    return fitting(forms, [texts.text("complaint.formal")])


def complaint_result(answer: ComplaintResult, texts: Catalog) -> str:
    """More segments where the outcome is long."""
    return texts.text("complaint.result", receipt=answer.receipt, day=day(answer.at), outcome=sentence(answer.outcome))


def status_of_complaint(answer: StatusOfComplaint, texts: Catalog) -> str:
    """More segments where the outcome is long."""
    named = {
        "receipt": answer.receipt,
        "opened": day(answer.opened_at),
        "state": texts.text(f"complaint.state.{answer.state}"),
    }
    if answer.brand is None:
        text = texts.text("complaint.status_bare", **named)
    else:
        text = texts.text("complaint.status", subject=texts.label(answer.brand), **named)
    if answer.outcome is not None:
        text = f"{text} {sentence(answer.outcome)}"
    return fitting([text], end=time_of(answer.at))


def _subject(brand: Brand | None, name: str | None, texts: Catalog) -> str:
    if brand is not None:
        return texts.label(brand)
    echoed = echo_sendable(name or "")
    return echoed and f'"{echoed}"'

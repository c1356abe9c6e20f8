"""Messages that go out by themselves: notices of consents that entered, and the code that shows who holds a number."""

from core.conversation.answers import ApprovalNotice, ConsentEnded, ProofCode
from sms.texts.catalog import Catalog, day, time_of
from sms.texts.fitting import fitting


def approval_notice(notice: ApprovalNotice, texts: Catalog) -> str:
    """Names both ways out, each ending exactly what it announces; the link stands last, without a full stop. It keeps
    both and may take two segments."""
    brand = texts.label(notice.brand)
    return texts.text(
        "notice.again" if notice.again else "notice.given",
        brand=brand,
        what=texts.of("notice.what", notice.types),
        day=day(notice.at),
        command=texts.command(brand, notice.types),
        link=notice.link,
    )


def consent_ended(notice: ConsentEnded, texts: Catalog) -> str:
    brand = texts.label(notice.brand)
    named = {"brand": brand, "kind": texts.of("kind", notice.types), "day": day(notice.consent_at)}
    tail = texts.text("notice.ended_comes", brand=brand)
    return fitting(texts.forms("notice.ended", **named), [tail], time_of(notice.at))


def proof_code(answer: ProofCode, texts: Catalog) -> str:
    minutes = texts.counted("minutes", answer.minutes)
    return fitting(texts.forms(f"notice.code.{answer.door}", code=answer.code, minutes=minutes))

"""Citizens' reports on a real file: opened, proved by their holder, forwarded, closed with a result."""

import pytest

from core.conversation.answers import Answer, ComplaintQuestion
from core.conversation.requests import CloseLine, Door, Evet, Language, NotUnderstood, Sikayet, Unreadable
from core.domain.rules import Rules
from core.outbox.outbox import OutboxClass
from core.registry.complaints import AlreadyClosed, NoComplaint, close, complaint, complaints, forward, texts_of
from tests.container import NUMBER, Container, numbers
from tests.core.conversation.decisions.scenes import DAY_MS, MIGROS, NOBODY, sikayet
from tests.core.intake.citizen import Citizen, furnish, told

RESULT_MS = 3 * DAY_MS


@pytest.fixture
async def desk(container: Container) -> Container:
    return furnish(container, Rules(answers_per_number_hour=0))


async def report(citizen: Citizen, intent: Sikayet | None = None, **fields: object) -> str:
    asked = await citizen.say(intent or sikayet(MIGROS), "ŞİKAYET", **fields)
    assert isinstance(asked, ComplaintQuestion)
    return asked.receipt


async def finish(container: Container, receipt: str) -> bool:
    now = container.clock.now
    return await container.writer.errand(
        lambda transaction: close(transaction, receipt, "ceza verildi", MIGROS, told, container.ids, now)
    )


async def state(container: Container, receipt: str) -> str:
    return (await container.writer.errand(lambda transaction: complaint(transaction, receipt))).state


async def test_a_report_is_unconfirmed_until_its_holder_answers(desk: Container) -> None:
    receipt = await report(Citizen(desk))

    [row] = await desk.writer.errand(complaints)

    now = desk.clock.now
    assert row == (receipt, NUMBER.reveal(), MIGROS.code, None, "unconfirmed", now, now, None)


async def test_an_unknown_sender_is_kept_as_it_was_typed(desk: Container) -> None:
    receipt = await report(Citizen(desk), Sikayet((NOBODY._replace(typed="Ab\0cx"),)))

    row = await desk.writer.errand(lambda transaction: complaint(transaction, receipt))

    assert (row.brand_code, row.name) == (None, "Ab\ufffdcx")


async def test_evidence_opens_a_report_and_belongs_to_it(desk: Container) -> None:
    citizen = Citizen(desk)
    receipt = await report(citizen)
    opened_at = desk.clock.now
    for text in ("Migros'ta indirim! B001", "dün geldi"):
        desk.clock.pass_ms(1000)
        await citizen.say(NotUnderstood(), text)

    row = await desk.writer.errand(lambda transaction: complaint(transaction, receipt))
    texts = await desk.writer.errand(lambda transaction: texts_of(transaction, receipt))

    assert (row.state, row.opened_at, row.changed_at) == ("open", opened_at, opened_at + 1000)
    assert [(one.received_at, one.text) for one in texts] == [
        (opened_at + 1000, "Migros'ta indirim! B001"),
        (opened_at + 2000, "dün geldi"),
    ]


async def test_evet_opens_a_report_without_evidence(desk: Container) -> None:
    citizen = Citizen(desk)
    receipt = await report(citizen)
    await citizen.say(Evet(), "EVET")

    assert await state(desk, receipt) == "open"
    assert await desk.rows("SELECT * FROM complaint_text") == []


async def test_an_unanswered_report_stays_unconfirmed(desk: Container) -> None:
    citizen = Citizen(desk)
    receipt = await report(citizen)
    await citizen.say(Unreadable("broken"))
    desk.clock.pass_ms(DAY_MS)
    await citizen.say(NotUnderstood(), "çok geç kaldım")

    assert await state(desk, receipt) == "unconfirmed"


async def test_another_number_proves_nothing(desk: Container) -> None:
    receipt = await report(Citizen(desk))
    await Citizen(desk, numbers(1)[0]).say(NotUnderstood(), "benim de şikayetim var")

    assert await state(desk, receipt) == "unconfirmed"


async def test_what_was_forwarded_is_not_opened_again_by_more_evidence(desk: Container) -> None:
    citizen = Citizen(desk)
    receipt = await report(citizen)
    await citizen.say(NotUnderstood(), "ilk")
    await desk.writer.errand(lambda transaction: forward(transaction, receipt, desk.clock.now))
    await citizen.say(NotUnderstood(), "sonra")

    assert await state(desk, receipt) == "forwarded"
    assert len(await desk.writer.errand(lambda transaction: texts_of(transaction, receipt))) == 2


async def test_closing_sends_the_result_in_the_citizens_language(desk: Container) -> None:
    receipt = await report(Citizen(desk), language=Language.EN)
    desk.clock.pass_ms(1000)

    assert await finish(desk, receipt)

    row = await desk.writer.errand(lambda transaction: complaint(transaction, receipt))
    assert (row.state, row.outcome, row.changed_at) == ("closed", "ceza verildi", desk.clock.now)
    [request_id] = await desk.column("SELECT id FROM request")
    sent = "SELECT request, recipient, class, text, origin, expires_at, state FROM outbox WHERE class = ?"
    assert await desk.rows(sent, OutboxClass.NOTICE) == [
        (
            *(request_id, NUMBER.reveal(), OutboxClass.NOTICE, "en ComplaintResult", "a"),
            *(desk.clock.now + RESULT_MS, "ready"),
        )
    ]


async def test_a_closed_report_stays_closed(desk: Container) -> None:
    citizen = Citizen(desk)
    receipt = await report(citizen)
    await finish(desk, receipt)

    with pytest.raises(AlreadyClosed):
        await finish(desk, receipt)
    with pytest.raises(AlreadyClosed):
        await desk.writer.errand(lambda transaction: forward(transaction, receipt, desk.clock.now))
    await citizen.say(NotUnderstood(), "bir mesaj daha")
    assert await state(desk, receipt) == "closed"
    assert await desk.column("SELECT count(*) FROM outbox WHERE class = ?", OutboxClass.NOTICE) == [1]


async def test_a_number_without_report_is_none(desk: Container) -> None:
    for work in (complaint, lambda transaction, receipt: forward(transaction, receipt, desk.clock.now)):
        with pytest.raises(NoComplaint):
            await desk.writer.errand(lambda transaction, work=work: work(transaction, "K7M4Q2XS"))  # type: ignore[misc]


async def test_the_new_holder_of_a_closed_line_hears_no_result(desk: Container) -> None:
    citizen = Citizen(desk)
    receipt = await report(citizen)
    desk.clock.pass_ms(1000)
    await citizen.say(CloseLine(), door=Door.CLERK)

    assert not await finish(desk, receipt)
    assert await state(desk, receipt) == "closed"
    assert await desk.rows("SELECT * FROM outbox WHERE state = 'ready'") == []


async def test_a_report_whose_result_cannot_be_worded_stays_open(desk: Container) -> None:
    receipt = await report(Citizen(desk))

    def broken(answer: Answer, language: Language) -> str:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011  # what the renderer raises is its own
        await desk.writer.errand(
            lambda transaction: close(transaction, receipt, "x", None, broken, desk.ids, desk.clock.now)
        )
    assert await state(desk, receipt) == "unconfirmed"

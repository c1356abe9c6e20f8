"""Notices on their way into the outbox: when, how many, what they say, and which have nothing to say any more."""

from datetime import datetime
from typing import Any, Final

import pytest

from core.brands.brand import Brand
from core.conversation.answers import Answer, ApprovalNotice, ConsentEnded, LineClosed
from core.conversation.requests import CloseLine, Door, Language, NotUnderstood
from core.domain.clock import ISTANBUL, MINUTE_MS, Instant, from_datetime
from core.domain.consent import ConsentType
from core.domain.recipients import Email, Msisdn
from core.domain.tokens import PLACE
from core.outbox import outbox
from core.outbox.outbox import OutboxClass
from core.registry import notifier as notifier_module
from core.registry.notices import Entered, Kind, NoticeWriter, OpenHours
from core.registry.notifier import IMPORT_PATIENCE_MS, LIFE_MS, Notifier, overdue
from core.store.queries.outbox import ADD_OUTBOX
from tests.container import BOYNER, BRANDS, MIGROS, NUMBER, Container, numbers
from tests.core.conversation.decisions.scenes import ARAMA, EPOSTA, MESAJ
from tests.core.intake.citizen import Citizen

MAIL: Final = Email.parse("ali@ornek.example")
URL: Final = "https://izin.example"
LINK: Final = f"{URL}{PLACE}"
BOTH: Final = (ARAMA, MESAJ)
ALWAYS: Final = OpenHours(0, 1440)


class Teller:
    """A notifier of a counter; `told` is what it put into words."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.told: list[tuple[Answer, Language]] = []
        self.notifier = Notifier(container.clock, BRANDS.get, self._text, self._mail_text, URL)

    def _text(self, answer: Answer, language: Language) -> str:
        self.told.append((answer, language))
        return f"sms {getattr(answer, 'link', '')}"

    def _mail_text(self, notice: ApprovalNotice, language: Language) -> str:
        self.told.append((notice, language))
        return f"mail {notice.link}"

    async def enter(
        self,
        *types: ConsentType,
        recipient: Msisdn | Email = NUMBER,
        brand: Brand = MIGROS,
        kind: Kind = "given",
        sealed: bool = True,
        hours: OpenHours = ALWAYS,
    ) -> None:
        """Permissions that enter by an import, which has ended where it is `sealed`."""
        container = self.container
        now = container.clock()
        for wanted in types if kind != "ended" else ():
            await container.allow(recipient, brand=brand, type_=wanted)  # type: ignore[arg-type]  # any address will do
        [(book,)] = await container.rows(
            "INSERT INTO book (opened_at, closed_at) VALUES (?, ?) RETURNING id", now, now if sealed else None
        )
        writer = NoticeWriter(container.ids, book, hours)
        entered = [Entered(recipient.reveal(), brand.code, wanted, kind, now) for wanted in types]
        await container.writer.errand(lambda transaction: writer.note(transaction, entered, now))

    async def queue(self) -> int:
        return await self.container.writer.errand(self.notifier.queue)

    async def queued(self) -> list[Any]:
        return await self.container.rows("SELECT recipient, class, text FROM outbox WHERE state = 'ready' ORDER BY id")

    async def states(self) -> list[str]:
        return await self.container.column("SELECT state FROM notice ORDER BY id")


@pytest.fixture
def teller(container: Container) -> Teller:
    return Teller(container)


async def test_a_notice_by_sms_names_brand_types_day_and_link_and_lives_three_days(teller: Teller) -> None:
    now = teller.container.clock.now
    await teller.enter(*BOTH)

    assert await teller.queue() == 1

    assert teller.told == [(ApprovalNotice(MIGROS, BOTH, now, LINK), Language.TR)]
    assert await teller.queued() == [(NUMBER.reveal(), OutboxClass.NOTICE, f"sms {LINK}")]
    [row] = await teller.container.rows("SELECT id, request, origin, created_at, not_before, expires_at FROM outbox")
    [notice] = await teller.container.rows("SELECT id, state FROM notice")
    assert row == (notice[0], None, "", now, 0, now + LIFE_MS)
    assert notice[1] == "queued"


async def test_a_notice_is_queued_once(teller: Teller) -> None:
    await teller.enter(MESAJ)

    assert [await teller.queue() for _ in range(3)] == [1, 0, 0]


async def test_a_notice_to_an_address_goes_by_mail(teller: Teller) -> None:
    await teller.enter(EPOSTA, recipient=MAIL)

    await teller.queue()

    assert await teller.queued() == [(MAIL.reveal(), OutboxClass.MAIL, f"mail {LINK}")]


async def test_without_mail_a_notice_to_an_address_waits_and_others_go(teller: Teller) -> None:
    teller.notifier = teller.notifier._replace(mail_texts=None)
    await teller.enter(EPOSTA, recipient=MAIL)
    await teller.enter(MESAJ)

    assert await teller.queue() == 1
    assert await teller.states() == ["waiting", "queued"]


async def test_mail_that_does_not_leave_stops_no_sms(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifier_module, "QUEUED_MAX", 1)
    await teller.enter(EPOSTA, recipient=MAIL)
    assert await teller.queue() == 1
    await teller.enter(MESAJ)

    assert await teller.queue() == 1


async def test_a_permission_after_a_refusal_is_told_as_such(teller: Teller) -> None:
    await teller.enter(MESAJ, kind="again")

    await teller.queue()

    [(told, _)] = teller.told
    assert isinstance(told, ApprovalNotice)
    assert told.again


async def test_what_an_objection_ended_is_told_without_a_link(teller: Teller) -> None:
    now = teller.container.clock.now
    await teller.enter(*BOTH, kind="ended")

    await teller.queue()

    assert teller.told == [(ConsentEnded(MIGROS, BOTH, now, now), Language.TR)]
    assert await teller.queued() == [(NUMBER.reveal(), OutboxClass.NOTICE, "sms ")]


async def test_nobody_is_mailed_for_what_an_objection_ended(teller: Teller) -> None:
    await teller.enter(EPOSTA, recipient=MAIL, kind="ended")

    assert await teller.queue() == 0
    assert await teller.states() == ["dropped"]


async def test_a_notice_speaks_the_citizens_language(teller: Teller) -> None:
    await Citizen(teller.container).say(NotUnderstood(), "hello there", language=Language.EN)
    await teller.enter(MESAJ)

    await teller.queue()

    assert [language for _, language in teller.told] == [Language.EN]


@pytest.mark.parametrize(
    ("sealed", "passed_ms", "queued"),
    [
        pytest.param(True, 0, 1, id="ended"),
        pytest.param(False, 0, 0, id="goes on"),
        pytest.param(False, IMPORT_PATIENCE_MS - 1, 0, id="goes on, last moment"),
        pytest.param(False, IMPORT_PATIENCE_MS, 1, id="goes on for too long"),
    ],
)
async def test_a_notice_waits_for_the_end_of_its_import(
    teller: Teller, sealed: bool, passed_ms: int, queued: int
) -> None:
    await teller.enter(MESAJ, sealed=sealed)
    teller.container.clock.pass_ms(passed_ms)

    assert await teller.queue() == queued


async def test_a_notice_waits_for_its_hour(teller: Teller) -> None:
    await teller.enter(MESAJ, hours=OpenHours(14 * 60 + 6, 1440))

    assert await teller.queue() == 0
    teller.container.clock.pass_ms(MINUTE_MS - 1)
    assert await teller.queue() == 0
    teller.container.clock.pass_ms(1)

    assert await teller.queue() == 1


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        pytest.param("UPDATE consent SET status = 'RET'", None, id="all"),
        pytest.param("UPDATE consent SET status = 'RET' WHERE type = 'ARAMA'", (MESAJ,), id="one type"),
        pytest.param("DELETE FROM consent", None, id="no record at all"),
        pytest.param("SELECT 1", BOTH, id="none"),
    ],
)
async def test_what_ended_since_is_not_announced(
    teller: Teller, sql: str, told: tuple[ConsentType, ...] | None
) -> None:
    await teller.enter(*BOTH)
    await teller.container.rows(sql)

    await teller.queue()

    assert [one.types for one, _ in teller.told if isinstance(one, ApprovalNotice)] == ([told] if told else [])
    assert await teller.states() == ["queued" if told else "dropped"]


async def test_the_citizens_refusal_before_it_leaves_drops_a_notice(teller: Teller) -> None:
    await teller.enter(MESAJ)
    await Citizen(teller.container).say(teller.container.request().intent)

    assert await teller.queue() == 0
    assert await teller.states() == ["dropped"]


async def test_a_notice_of_a_brand_closed_since_is_dropped(teller: Teller) -> None:
    teller.notifier = teller.notifier._replace(find_brand=lambda code: MIGROS._replace(closed=True))
    await teller.enter(MESAJ)

    assert await teller.queue() == 0
    assert await teller.states() == ["dropped"]


async def test_a_notice_of_a_brand_that_was_not_read_yet_waits_until_it_is(teller: Teller) -> None:
    known = teller.notifier
    teller.notifier = known._replace(find_brand=lambda code: None)
    await teller.enter(MESAJ)
    assert await teller.queue() == 0
    assert await teller.states() == ["waiting"]
    teller.notifier = known

    assert await teller.queue() == 1


async def close_line(container: Container) -> None:
    assert isinstance(await Citizen(container).say(CloseLine(), door=Door.CLERK), LineClosed)


async def test_what_waits_for_a_line_is_dropped_with_it_and_its_next_holder_hears_only_of_what_is_new(
    teller: Teller,
) -> None:
    await teller.enter(MESAJ, kind="again")
    await close_line(teller.container)
    assert await teller.states() == ["dropped"]
    assert await teller.queue() == 0
    teller.container.clock.pass_ms(1000)
    await teller.enter(ARAMA)

    await teller.queue()

    now = teller.container.clock.now
    assert [told for told, _ in teller.told] == [ApprovalNotice(MIGROS, (ARAMA,), now, LINK)]


async def test_a_notice_that_entered_before_the_line_was_closed_never_leaves(teller: Teller) -> None:
    await teller.enter(MESAJ)
    await close_line(teller.container)
    await teller.container.rows("UPDATE notice SET state = 'waiting'")
    await teller.container.rows("UPDATE consent SET status = 'ONAY'")

    assert await teller.queue() == 0
    assert await teller.states() == ["dropped"]


@pytest.mark.parametrize(
    ("waiting", "queued"), [pytest.param(2, 2, id="below"), pytest.param(3, 3, id="at"), pytest.param(5, 3, id="above")]
)
async def test_no_more_are_queued_than_the_outbox_has_room_for(
    teller: Teller, monkeypatch: pytest.MonkeyPatch, waiting: int, queued: int
) -> None:
    monkeypatch.setattr(notifier_module, "QUEUED_MAX", 3)
    for recipient in numbers(waiting):
        await teller.enter(MESAJ, recipient=recipient)

    assert await teller.queue() == queued
    assert await teller.queue() == 0
    await teller.container.rows("UPDATE outbox SET state = 'accepted'")

    assert await teller.queue() == waiting - queued


async def test_the_first_due_is_queued_first(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifier_module, "QUEUED_MAX", 1)
    first, second = numbers(2)
    await teller.enter(MESAJ, recipient=first, hours=OpenHours(14 * 60 + 7, 1440))
    await teller.enter(MESAJ, recipient=second, hours=OpenHours(14 * 60 + 6, 1440))
    teller.container.clock.pass_ms(5 * MINUTE_MS)

    await teller.queue()

    assert [recipient for recipient, *_ in await teller.queued()] == [second.reveal()]


async def test_one_citizen_is_told_of_each_brand(teller: Teller) -> None:
    await teller.enter(MESAJ)
    await teller.enter(MESAJ, brand=BOYNER)

    assert await teller.queue() == 2
    assert {told.brand for told, _ in teller.told if isinstance(told, ApprovalNotice)} == {MIGROS, BOYNER}


def moment(text: str) -> Instant:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=ISTANBUL))


OVERDUE: Final = [
    pytest.param("2026-11-23 14:05", "2026-11-23 14:06", 0, id="same day"),
    pytest.param("2026-11-23 14:05", "2026-11-23 21:59:59.999", 0, id="just before 22:00"),
    pytest.param("2026-11-23 14:05", "2026-11-23 22:00", 1, id="22:00"),
    pytest.param("2026-11-23 22:30", "2026-11-23 23:00", 1, id="entered after 22:00"),
    pytest.param("2026-11-23 14:05", "2026-11-24 00:30", 1, id="the next day, half past midnight"),
    pytest.param("2026-11-23 14:05", "2026-11-24 14:00", 1, id="the next day"),
    pytest.param("2026-11-24 00:00", "2026-11-24 00:30", 0, id="entered at midnight"),
    pytest.param("2026-11-23 23:59:59", "2026-11-24 00:00", 1, id="entered just before midnight"),
]


@pytest.mark.parametrize("is_queued", [False, True], ids=["waiting", "in the outbox"])
@pytest.mark.parametrize(("entered", "now", "expected"), OVERDUE)
async def test_an_unsent_notice_is_an_alarm_before_its_day_ends_and_after(
    teller: Teller, entered: str, now: str, expected: int, is_queued: bool
) -> None:
    teller.container.clock.now = moment(entered)
    await teller.enter(MESAJ)
    teller.container.clock.now = moment(now)
    if is_queued:
        assert await teller.queue() == 1

    assert await teller.container.writer.errand(lambda transaction: overdue(transaction, moment(now))) == expected


@pytest.mark.parametrize("state", ["sent", "accepted", "dead"])
async def test_a_notice_that_left_is_no_alarm(teller: Teller, state: str) -> None:
    await teller.enter(MESAJ)
    await teller.enter(EPOSTA, recipient=MAIL)
    await teller.queue()
    late = moment("2026-11-23 23:00")
    assert await teller.container.writer.errand(lambda transaction: overdue(transaction, late)) == 2
    await teller.container.rows("UPDATE outbox SET state = ?", state)

    assert await teller.container.writer.errand(lambda transaction: overdue(transaction, late)) == 0


async def test_the_result_of_a_report_is_no_notice_and_no_alarm(teller: Teller) -> None:
    container = teller.container
    row = outbox.row(1, None, NUMBER.reveal(), "text", "", container.clock(), OutboxClass.NOTICE)
    await container.writer.errand(lambda transaction: transaction.run_many(ADD_OUTBOX, [row]))

    late = moment("2026-11-23 23:00")

    assert await container.writer.errand(lambda transaction: overdue(transaction, late)) == 0

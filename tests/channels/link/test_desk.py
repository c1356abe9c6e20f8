"""The counter behind the link pages, over a real desk and a real file: what a link shows, what it ends, and what it
never tells or sends."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final, NoReturn

import pytest

from channels.link.desk import LinkDesk
from channels.link.port import Held, LinkDown, Offer, ReceiptState, ReportLine
from core.brands.brand import Brand
from core.conversation.answers import Answer, LineClosed, RetAnswer, RetSeveral
from core.conversation.requests import CloseLine, Door, Language, Ret
from core.domain.clock import HOUR_MS, Instant, to_second
from core.domain.consent import ConsentType, RecipientType, Record, Source, Status
from core.domain.recipients import Email, Msisdn, Recipient
from core.domain.rules import Rules
from core.domain.tokens import LENGTH
from core.ledger.stored import verify_stored
from core.outbox.outbox import BY_MAIL, Outbox, OutboxClass, OutboxMessage
from core.registry.citizens import _consent_row
from core.registry.complaints import texts_of
from core.registry.notices import Entered, NoticeWriter, OpenHours
from core.registry.notifier import Notifier
from core.store.looker import Looker
from core.store.queries.consents import PUT_CONSENT
from tests import container_fixtures
from tests.container import LEASE_MS, NUMBER, PATIENCE_S, Container
from tests.core.conversation.decisions.scenes import ARAMA, BOYNER, DIRECTORY, EPOSTA, MESAJ, MIGROS, ret
from tests.core.intake.citizen import Citizen, furnish
from tests.core.retention.sweeping import sweep

clock, container, signer = container_fixtures.clock, container_fixtures.container, container_fixtures.signer
template, url = container_fixtures.template, container_fixtures.url

MAIL: Final = Email.parse("ali@ornek.example")
OTHER: Final = Msisdn.parse("+905320000002")
BOTH: Final = (ARAMA, MESAJ)
TOKEN_LIFE_MS: Final = 90 * 24 * HOUR_MS
CODES_MAX: Final = 2
RAW: Final = b"type=ALL"
ADVERT: Final = "Migros'ta %50 indirim! B001"


class Transport:
    """Takes what it is given: the links in it."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def capacity(self) -> int:
        return 100

    def send(self, outbox_messages: Sequence[OutboxMessage]) -> None:
        self.texts += [outbox_message.text for outbox_message in outbox_messages]


def spoken(answer: Answer, _language: Language) -> str:
    """A text of these tests: a code, a link, or the kind of answer."""
    return str(getattr(answer, "code", None) or getattr(answer, "link", None) or type(answer).__name__)


class Line:
    """A counter with notices and pages."""

    def __init__(self, container: Container, looker: Looker) -> None:
        self.container = furnish(container, Rules(answers_per_number_hour=0, codes_per_number_day=CODES_MAX), spoken)
        self.pages = LinkDesk(container.desk, looker, DIRECTORY.get, container.clock)
        self.citizen = Citizen(container)
        self.sms, self.mail = Transport(), Transport()
        mail = Outbox(container.book.number, container.clock, LEASE_MS, classes=BY_MAIL)
        container.outbox.transport, mail.transport = self.sms, self.mail
        self._outboxes = container.outbox, mail
        container.writer.join(mail)
        self._notifier = Notifier(container.clock, DIRECTORY.get, spoken, spoken, "https://izin.example")

    async def give(self, *types: ConsentType, to: Recipient = NUMBER, brand: Brand = MIGROS) -> None:
        """Permissions that a sender reports now."""
        now = to_second(self.container.clock())
        rows = [
            Record(
                *(to.reveal(), brand.code, kind, RecipientType.BIREYSEL, Status.ONAY, Source.HS_WEB, now, None, None)
            )
            for kind in types
        ]
        await self.put(*rows)

    async def put(self, *rows: Record) -> None:
        await self.container.writer.errand(
            lambda transaction: transaction.run_many(PUT_CONSENT, list(map(_consent_row, rows)))
        )

    async def link(self, *types: ConsentType, to: Recipient = NUMBER, brand: Brand = MIGROS) -> str:
        """The token in the notice of permissions that enter now."""
        await self.give(*types, to=to, brand=brand)
        container = self.container
        notices = NoticeWriter(container.ids, container.book.number, OpenHours(0, 1440))
        now = container.clock()
        entered = [Entered(to.reveal(), brand.code, kind, "given", now) for kind in types]
        await container.writer.errand(lambda transaction: notices.note(transaction, entered, now))
        await container.rows("UPDATE book SET closed_at = 1")
        assert await container.writer.errand(self._notifier.queue) == 1
        await self.turn()
        texts = self.mail.texts if isinstance(to, Email) else self.sms.texts
        token = texts.pop().rpartition("/r/")[2]
        assert len(token) == LENGTH
        return token

    async def turn(self) -> None:
        """What waits in the outbox has left."""
        for outbox in self._outboxes:
            outbox.expect()
        self.container.writer.wake()
        await self.container.writer.errand(lambda _: None)
        await self.container.writer.errand(lambda _: None)

    async def sent(self) -> list[str]:
        """What left by SMS or mail since, beside what was taken as a link."""
        await self.turn()
        return [*self.sms.texts, *self.mail.texts]

    async def records(self, to: Recipient = NUMBER) -> dict[str, tuple[str, str, str | None]]:
        """By type: status, source, receipt."""
        rows = await self.container.rows(
            "SELECT type, status, source, receipt FROM consent WHERE recipient = ?", to.reveal()
        )
        return {kind: (status, source, receipt) for kind, status, source, receipt in rows}

    async def close_line(self) -> None:
        assert isinstance(await self.citizen.say(CloseLine(), door=Door.CLERK), LineClosed)
        self.container.clock.pass_ms(60_000)


@pytest.fixture
async def line(container: Container, url: str) -> AsyncIterator[Line]:
    looker = Looker(url, 1)
    async with asyncio.timeout(PATIENCE_S):
        yield Line(container, looker)
        await looker.close()


def states(held: Sequence[Held]) -> dict[tuple[str, ConsentType], str]:
    return {(one.brand.code, one.type): one.state for one in held}


async def test_a_link_shows_what_its_notice_announced_and_what_stands_for_the_brand(line: Line) -> None:
    given = to_second(line.container.clock())
    await line.give(ARAMA)
    await line.give(MESAJ, brand=BOYNER)
    token = await line.link(MESAJ)

    offer = await line.pages.offer(token)

    held = tuple(Held(MIGROS, kind, "allowed", given, Source.HS_WEB, None) for kind in BOTH)
    assert offer == Offer(MIGROS, "67", (MESAJ,), held, is_mail=False)


async def test_a_link_by_mail_shows_a_masked_address(line: Line) -> None:
    offer = await line.pages.offer(await line.link(EPOSTA, to=MAIL))

    assert offer is not None
    assert (offer.tail, offer.covered, offer.is_mail) == ("…@ornek.example", (EPOSTA,), True)
    assert states(offer.held) == {(MIGROS.code, EPOSTA): "allowed"}


@pytest.mark.parametrize(
    ("private", "merchant", "state", "source"),
    [
        pytest.param(Status.ONAY, Status.RET, "allowed", Source.HS_WEB, id="one stands"),
        pytest.param(Status.RET, Status.ONAY, "allowed", Source.HS_MOBIL, id="the other stands"),
        pytest.param(Status.RET, Status.RET, "refused", Source.HS_MOBIL, id="none stands: the newest"),
    ],
)
async def test_a_private_persons_and_a_merchants_record_are_one_line(
    line: Line, private: Status, merchant: Status, state: str, source: Source
) -> None:
    token = await line.link(MESAJ)
    at = to_second(line.container.clock())
    one = Record(*(NUMBER.reveal(), MIGROS.code, MESAJ, RecipientType.BIREYSEL, private, Source.HS_WEB, at, None, None))
    later = Instant(at + 1000)
    await line.put(
        one,
        one._replace(recipient_type=RecipientType.TACIR, status=merchant, source=Source.HS_MOBIL, consent_at=later),
    )

    offer = await line.pages.offer(token)

    assert offer is not None
    assert [(held.state, held.source) for held in offer.held] == [(state, source)]


async def test_a_refusal_by_link_is_proven_and_nothing_is_sent(line: Line) -> None:
    token = await line.link(*BOTH)

    answer = await line.pages.refuse(token, BOTH, RAW)

    assert answer is not None
    assert (answer.brand, answer.ended) == (MIGROS, BOTH)
    ended = ("RET", "IYS_WEB", answer.receipt)
    assert await line.records() == {"ARAMA": ended, "MESAJ": ended}
    assert await line.sent() == []
    assert await line.container.rows(
        "SELECT door, receipt, octets FROM request JOIN raw ON raw.request = request.id"
    ) == [("link", answer.receipt, RAW)]
    assert (await line.container.writer.errand(lambda transaction: verify_stored(transaction, (), None))).ok
    offer = await line.pages.offer(token)
    assert offer is not None
    assert set(states(offer.held).values()) == {"refused"}


async def test_a_refusal_by_link_ends_no_more_than_it_names(line: Line) -> None:
    token = await line.link(*BOTH)

    answer = await line.pages.refuse(token, (ARAMA,), RAW)

    assert answer is not None
    assert (answer.ended, answer.allowed) == ((ARAMA,), (MESAJ,))
    assert {kind: status for kind, (status, _, _) in (await line.records()).items()} == {
        "ARAMA": "RET",
        "MESAJ": "ONAY",
    }


async def test_a_refusal_by_a_link_in_a_mail_has_its_own_source(line: Line) -> None:
    token = await line.link(EPOSTA, to=MAIL)

    answer = await line.pages.refuse(token, (EPOSTA,), b"List-Unsubscribe=One-Click")

    assert answer is not None
    assert answer.ended == (EPOSTA,)
    assert await line.records(MAIL) == {"EPOSTA": ("RET", "IYS_EPOSTA", answer.receipt)}
    assert await line.sent() == []


async def test_a_second_refusal_is_a_success_that_changes_nothing(line: Line) -> None:
    token = await line.link(MESAJ)
    first = await line.pages.refuse(token, (MESAJ,), RAW)
    at = to_second(line.container.clock())
    line.container.clock.pass_ms(HOUR_MS)

    second = await line.pages.refuse(token, (MESAJ,), RAW)

    assert first is not None
    assert second is not None
    assert (second.ended, second.already, second.since) == ((), (MESAJ,), at)
    assert await line.records() == {"MESAJ": ("RET", "IYS_WEB", first.receipt)}


async def test_of_two_refusals_at_once_one_ends_and_one_finds_it_ended(line: Line) -> None:
    token = await line.link(MESAJ)

    answers = await asyncio.gather(*(line.pages.refuse(token, (MESAJ,), RAW) for _ in range(2)))

    assert sorted((one.ended, one.already) for one in answers if one) == [((), (MESAJ,)), ((MESAJ,), ())]


async def test_a_refusal_by_sms_and_then_by_link_is_one_act(line: Line) -> None:
    token = await line.link(MESAJ)
    first = await line.citizen.say(ret(MIGROS))

    second = await line.pages.refuse(token, (MESAJ,), RAW)

    assert isinstance(first, RetAnswer)
    assert second is not None
    assert second.already == (MESAJ,)
    assert await line.records() == {"MESAJ": ("RET", "IYS_KISAMESAJ", first.receipt)}


async def test_a_refusal_by_link_and_then_by_sms_is_one_act(line: Line) -> None:
    token = await line.link(MESAJ)
    first = await line.pages.refuse(token, (MESAJ,), RAW)

    second = await line.citizen.say(ret(MIGROS))

    assert first is not None
    assert isinstance(second, RetAnswer)
    assert second.already == (MESAJ,)
    assert await line.records() == {"MESAJ": ("RET", "IYS_WEB", first.receipt)}


async def test_looking_changes_nothing_and_burns_nothing(line: Line) -> None:
    token = await line.link(MESAJ)
    before = await line.container.rows("SELECT * FROM consent")

    offers = [await line.pages.offer(token) for _ in range(50)]

    assert all(offer == offers[0] for offer in offers)
    assert await line.container.rows("SELECT * FROM consent") == before
    assert await line.container.rows("SELECT * FROM request") == []
    assert await line.pages.refuse(token, (MESAJ,), RAW) is not None


async def nothing(line: Line, token: str) -> None:
    """The token leads nowhere and ends nothing."""
    before = await line.container.rows("SELECT * FROM consent")

    assert await line.pages.offer(token) is None
    assert await line.pages.refuse(token, (MESAJ,), RAW) is None

    assert await line.container.rows("SELECT * FROM consent") == before


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="none"),
        pytest.param("Q7m2XbT9kLw4Zp1sA", id="unknown"),
        pytest.param("***", id="the place of it"),
        pytest.param("a" * 64, id="longest looked up"),
        pytest.param("a" * 65, id="longer"),
        pytest.param("a" * 10_000_000, id="ten million letters"),
        pytest.param("\0", id="NUL"),
        pytest.param("\ud800", id="a lone surrogate"),
        pytest.param("ışĞ'; DROP TABLE token --", id="signs"),
    ],
)
async def test_an_unknown_token_leads_nowhere(line: Line, token: str) -> None:
    await line.link(MESAJ)

    await nothing(line, token)


async def test_a_token_counts_to_its_last_letter_and_case(line: Line) -> None:
    token = await line.link(MESAJ)

    for other in (token[:-1], f"{token}A", token.swapcase(), f" {token}"):
        await nothing(line, other)


@pytest.mark.parametrize(
    ("passed_ms", "works"),
    [pytest.param(TOKEN_LIFE_MS - 1, True, id="last moment"), pytest.param(TOKEN_LIFE_MS, False, id="over")],
)
async def test_a_link_ends_with_its_days(line: Line, passed_ms: int, works: bool) -> None:
    token = await line.link(MESAJ)
    line.container.clock.pass_ms(passed_ms)

    if works:
        assert await line.pages.refuse(token, (MESAJ,), RAW) is not None
    else:
        await nothing(line, token)


async def test_a_link_of_a_line_closed_since_leads_nowhere(line: Line) -> None:
    token = await line.link(MESAJ)
    await line.close_line()
    await line.give(MESAJ)  # the next holder's

    await nothing(line, token)


async def test_the_next_holder_of_a_number_sees_nothing_of_the_one_before(line: Line) -> None:
    await line.give(ARAMA, MESAJ)
    await line.give(MESAJ, brand=BOYNER)
    await line.pages.report(NUMBER, MIGROS.code, ADVERT, RAW)
    await line.citizen.say(ret(BOYNER))
    await line.close_line()
    token = await line.link(MESAJ)

    offer = await line.pages.offer(token)

    assert offer is not None
    assert states(offer.held) == states(await line.pages.holdings(NUMBER)) == {(MIGROS.code, MESAJ): "allowed"}
    assert await line.pages.reports(NUMBER) == ()


async def test_what_the_next_holder_refuses_is_seen(line: Line) -> None:
    await line.give(MESAJ)
    await line.close_line()
    assert await line.pages.holdings(NUMBER) == ()

    await line.citizen.say(ret(MIGROS))

    assert states(await line.pages.holdings(NUMBER)) == {(MIGROS.code, MESAJ): "refused"}


async def test_a_brand_that_no_longer_exists_goes_by_its_number_and_can_be_refused(line: Line) -> None:
    token = await line.link(MESAJ)
    line.pages._find_brand = lambda _: None

    offer = await line.pages.offer(token)
    answer = await line.pages.refuse(token, (MESAJ,), RAW)

    assert offer is not None
    assert offer.brand == Brand(MIGROS.code, MIGROS.code)
    assert answer is not None
    assert answer.ended == (MESAJ,)


async def test_a_code_goes_to_the_number_typed_and_proves_it(line: Line) -> None:
    await line.pages.send_code(OTHER)

    [(recipient, rank)] = await line.container.rows("SELECT recipient, class FROM outbox")
    [code] = await line.sent()
    assert (recipient, rank) == (OTHER.reveal(), OutboxClass.CODE)
    assert not await line.pages.prove(NUMBER, code, RAW)
    assert not await line.pages.prove(OTHER, "000000" if code != "000000" else "111111", RAW)
    assert await line.pages.prove(OTHER, code, RAW)
    assert not await line.pages.prove(OTHER, code, RAW)
    assert await line.sent() == [code]


async def test_no_more_codes_are_sent_than_the_limit_and_the_page_hears_nothing_of_it(line: Line) -> None:
    for _ in range(CODES_MAX + 2):
        await line.pages.send_code(NUMBER)

    assert len(await line.sent()) == CODES_MAX


async def test_the_code_is_not_stored_in_the_clear_beside_the_message_that_brings_it(line: Line) -> None:
    await line.pages.send_code(NUMBER)
    [code] = await line.sent()

    [state] = await line.container.column("SELECT state FROM conversation")

    assert code not in state


async def test_holdings_are_everything_of_the_number_from_every_door(line: Line) -> None:
    at = to_second(line.container.clock())
    await line.give(ARAMA, MESAJ)
    await line.give(MESAJ, brand=BOYNER)
    await line.give(MESAJ, to=OTHER)
    refused = await line.citizen.say(ret(BOYNER))
    kept = await line.citizen.say(ret(DIRECTORY.get("600101") or BOYNER))

    held = await line.pages.holdings(NUMBER)

    assert isinstance(refused, RetAnswer)
    assert isinstance(kept, RetAnswer)
    assert sorted((one.brand.code, *one[1:]) for one in held) == [
        ("600100", ARAMA, "allowed", at, Source.HS_WEB, None),
        ("600100", MESAJ, "allowed", at, Source.HS_WEB, None),
        ("600101", MESAJ, "objection", at, Source.IYS_KISAMESAJ, kept.receipt),
        ("600102", MESAJ, "refused", at, Source.IYS_KISAMESAJ, refused.receipt),
    ]


async def test_nobody_holds_nothing(line: Line) -> None:
    assert await line.pages.holdings(OTHER) == ()


async def test_what_is_picked_of_the_holdings_is_ended_without_a_message(line: Line) -> None:
    await line.give(ARAMA, MESAJ)
    await line.give(MESAJ, brand=BOYNER)

    one = await line.pages.refuse_held(NUMBER, ((MIGROS.code, ARAMA),), RAW)
    rest = await line.pages.refuse_held(NUMBER, ((MIGROS.code, MESAJ), (BOYNER.code, MESAJ)), RAW)

    assert isinstance(one, RetAnswer)
    assert (one.ended, one.allowed) == ((ARAMA,), (MESAJ,))
    assert isinstance(rest, RetSeveral)
    assert [(outcome.brand, outcome.ended) for outcome in rest.outcomes] == [(MIGROS, (MESAJ,)), (BOYNER, (MESAJ,))]
    assert set(states(await line.pages.holdings(NUMBER)).values()) == {"refused"}
    assert await line.sent() == []


async def test_both_types_of_a_brand_are_one_answer(line: Line) -> None:
    await line.give(ARAMA, MESAJ)

    answer = await line.pages.refuse_held(NUMBER, ((MIGROS.code, MESAJ), (MIGROS.code, ARAMA)), RAW)

    assert isinstance(answer, RetAnswer)
    assert set(answer.ended) == set(BOTH)


async def test_a_report_is_open_at_once_with_its_message(line: Line) -> None:
    at = line.container.clock.now

    receipt = await line.pages.report(NUMBER, MIGROS.code, ADVERT, RAW)

    assert await line.pages.reports(NUMBER) == (ReportLine(receipt, "open", MIGROS, None, at, None),)
    texts = await line.container.writer.errand(lambda transaction: texts_of(transaction, receipt))
    assert [one.text for one in texts] == [ADVERT]
    assert await line.pages.reports(OTHER) == ()
    assert await line.sent() == []


async def test_a_receipt_tells_time_and_state_to_anybody(line: Line) -> None:
    at = line.container.clock.now
    ended = await line.pages.refuse(await line.link(MESAJ), (MESAJ,), RAW)
    kept = await line.citizen.say(ret(BOYNER))
    report = await line.pages.report(NUMBER, MIGROS.code, ADVERT, RAW)

    assert ended is not None
    assert isinstance(kept, RetAnswer)
    for receipt, what in ((ended.receipt, "ended"), (kept.receipt, "kept"), (report, "report")):
        assert await line.pages.receipt(receipt) == ReceiptState(receipt, what, at)  # type: ignore[arg-type]


@pytest.mark.parametrize("receipt", ["K7M4Q2XS", "", "x" * 100_000])
async def test_a_receipt_of_no_act_tells_nothing(line: Line, receipt: str) -> None:
    assert await line.pages.receipt(receipt) is None


async def test_a_desk_that_is_closed_is_a_line_that_is_down_and_nothing_changed(line: Line) -> None:
    token = await line.link(MESAJ)
    line.container.desk.close()

    for call in (
        line.pages.refuse(token, (MESAJ,), RAW),
        line.pages.send_code(NUMBER),
        line.pages.prove(NUMBER, "482913", RAW),
        line.pages.refuse_held(NUMBER, ((MIGROS.code, MESAJ),), RAW),
        line.pages.report(NUMBER, MIGROS.code, ADVERT, RAW),
    ):
        with pytest.raises(LinkDown):
            await call

    assert await line.records() == {"MESAJ": ("ONAY", "HS_WEB", None)}
    assert await line.pages.offer(token) is not None


async def test_a_store_that_cannot_be_read_is_a_line_that_is_down(line: Line, url: str) -> None:
    away = Looker(f"{url}.gone", 1)
    pages = LinkDesk(line.container.desk, away, DIRECTORY.get, line.container.clock)

    for call in (
        pages.offer("token"),
        pages.refuse("token", (MESAJ,), RAW),
        pages.holdings(NUMBER),
        pages.reports(NUMBER),
        pages.receipt("K7M4Q2XS"),
    ):
        with pytest.raises(LinkDown):
            await call
    await away.close()


async def test_what_breaks_the_decision_is_kept_for_a_person_and_nobody_is_texted(line: Line) -> None:
    token = await line.link(MESAJ)

    def broken(_: str) -> NoReturn:
        raise KeyError

    line.container.desk._tools = line.container.desk._tools._replace(find_brand=broken)

    with pytest.raises(LinkDown):
        await line.pages.refuse(token, (MESAJ,), RAW)

    assert await line.container.rows("SELECT door, outcome, review FROM request") == [("link", "set-aside", "open")]
    assert await line.sent() == []


async def test_a_page_leaves_the_budget_of_answers_by_sms_alone(line: Line) -> None:
    rules = Rules(answers_per_number_hour=1)
    furnish(line.container, rules, spoken)
    token = await line.link(MESAJ)
    for _ in range(3):
        assert await line.pages.refuse(token, (MESAJ,), RAW) is not None

    await line.citizen.say(Ret(ret(MIGROS).mentions))

    assert await line.sent() == ["RetAnswer"]


async def test_a_link_works_until_its_end_and_not_after_whenever_what_is_over_is_removed(line: Line) -> None:
    token = await line.link(MESAJ)
    line.container.clock.pass_ms(TOKEN_LIFE_MS - 1)
    before = await sweep(line.container)
    offered = await line.pages.offer(token)
    line.container.clock.pass_ms(1)

    after = await sweep(line.container)

    assert offered is not None
    assert (before.links, after.links) == (0, 1)
    assert await line.pages.offer(token) is None
    assert await line.pages.refuse(token, (MESAJ,), RAW) is None

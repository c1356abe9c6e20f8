"""The desk with its writer on a real file: group commit, order, poison, back-pressure, faults that pass."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import NoReturn

import pytest
from prometheus_client import REGISTRY

from core.brands.brand import Brand
from core.conversation.answers import Answer, Committed, Outcome, RetAnswer, SetAside, Temporary, Unspoken
from core.conversation.requests import BrandMention, NotUnderstood, Request, Ret, Unreadable
from core.domain.clock import Instant
from core.domain.consent import ConsentType
from core.intake import batch, desk
from core.intake.desk import BATCH_MAX
from core.intake.reply_quota import ReplyQuota
from core.ledger.anchors import Signer
from core.ledger.chain import GENESIS, Entry, entry_hash
from core.registry.citizens import Citizens
from core.store.errors import DataFault, TemporaryFault
from core.store.queries.evidence import OLDEST_REVIEW
from core.store.transaction import Transaction
from tests.container import (
    MIGROS,
    NO_LIMITS,
    NUMBER,
    PATIENCE_S,
    RET_MIGROS,
    Container,
    FakeClock,
    numbers,
    opened,
    until,
)
from tests.container_fixtures import on_sqlite

POISON = Brand("666000", "POISON")
RET_POISON = Ret((BrandMention.of(POISON),))


class Commits:
    """Counts the transactions that come to their end, and how many of them were rolled back."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done = self.rolled_back = 0
        commit, roll_back = Transaction.commit, Transaction.roll_back

        def counted(transaction: Transaction) -> None:
            commit(transaction)
            self.done += 1

        def counted_back(transaction: Transaction) -> None:
            roll_back(transaction)
            self.rolled_back += 1

        monkeypatch.setattr(Transaction, "commit", counted)
        monkeypatch.setattr(Transaction, "roll_back", counted_back)


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> Commits:
    return Commits(monkeypatch)


async def all_of(container: Container, requests: list[Request]) -> list[Outcome]:
    async with asyncio.timeout(PATIENCE_S):
        return await asyncio.gather(*map(container.desk.handle, requests))


def answers(outcomes: list[Outcome]) -> list[Answer | Unspoken]:
    assert all(isinstance(outcome, Committed) for outcome in outcomes)
    return [outcome.answer for outcome in outcomes if isinstance(outcome, Committed)]


async def ledger_is_whole(container: Container) -> bool:
    entries = [Entry(*row) for row in await container.rows("SELECT book, entry, hash, body FROM ledger ORDER BY entry")]
    previous = GENESIS
    for number, entry in enumerate(entries, 1):
        previous = entry_hash(previous, container.book.number, number, entry.body)
        if (entry.entry, entry.hash) != (number, previous):
            return False
    return container.book.committed[1:] == (len(entries), previous)


async def test_an_act_is_written_with_its_evidence_ledger_entry_and_answer(container: Container) -> None:
    await container.allow(NUMBER)

    [outcome] = await all_of(container, [container.request()])

    assert isinstance(outcome, Committed)
    assert isinstance(outcome.answer, RetAnswer)
    receipt = outcome.answer.receipt
    assert outcome.answer.ended == (ConsentType.MESAJ,)
    assert await container.rows("SELECT status, source, receipt FROM consent") == [("RET", "IYS_KISAMESAJ", receipt)]
    assert await container.rows("SELECT id, outcome, receipt, entry, review FROM request") == [
        (outcome.request_id, "ret", receipt, 1, None)
    ]
    assert await container.rows("SELECT request, octets, text FROM raw") == [(outcome.request_id, b"raw", "RET MIGROS")]
    assert await container.rows("SELECT request, recipient, text, state FROM outbox") == [
        (outcome.request_id, NUMBER.reveal(), "RetAnswer", "ready")
    ]
    assert NUMBER.reveal()[1:] not in str(await container.column("SELECT body FROM ledger"))
    assert await ledger_is_whole(container)


async def test_requests_that_wait_together_are_committed_together(container: Container, commits: Commits) -> None:
    await container.allow(*numbers(BATCH_MAX))
    commits.done = 0

    outcomes = await all_of(container, [container.request(recipient=one) for one in numbers(BATCH_MAX)])

    assert commits.done == 1
    assert all(isinstance(answer, RetAnswer) and answer.ended for answer in answers(outcomes))
    assert await container.column("SELECT DISTINCT status FROM consent") == ["RET"]


async def test_one_more_than_a_batch_takes_a_second_transaction(container: Container, commits: Commits) -> None:
    await all_of(container, [container.request(recipient=one) for one in numbers(BATCH_MAX + 1)])

    assert commits.done == 2


async def test_requests_of_one_citizen_see_each_other_in_their_order(container: Container, commits: Commits) -> None:
    await container.allow(NUMBER)
    both = Ret((BrandMention.of(MIGROS),), (ConsentType.ARAMA, ConsentType.MESAJ))
    commits.done = 0

    outcomes = await all_of(
        container, [container.request(intent, key=bytes([n])) for n, intent in enumerate([RET_MIGROS, both])]
    )

    first, second = answers(outcomes)
    assert isinstance(first, RetAnswer)
    assert isinstance(second, RetAnswer)
    assert first.ended == second.already == (ConsentType.MESAJ,)
    assert second.kept == (ConsentType.ARAMA,)
    assert commits.done == 1
    [receipt] = await container.column("SELECT receipt FROM consent")
    assert receipt == first.receipt


async def test_nobody_is_answered_before_the_commit(container: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Outcome] = []
    at_commit: list[int] = []
    commit = Transaction.commit

    def watched(transaction: Transaction) -> None:
        at_commit.append(len(heard))
        commit(transaction)

    monkeypatch.setattr(Transaction, "commit", watched)

    container.desk.submit(container.request(), heard.append)
    await until(lambda: bool(heard))

    assert at_commit[0] == 0


async def test_a_receipt_drawn_twice_is_drawn_again(container: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["A0000003", "A0000003", "B0000001"])
    monkeypatch.setattr(batch, "draw", lambda _: next(drawn))
    await all_of(container, [container.request()])

    [again] = answers(await all_of(container, [container.request(key=b"other")]))

    assert isinstance(again, RetAnswer)
    assert again.receipt == "B0000001"
    assert await container.column("SELECT receipt FROM request ORDER BY id") == ["A0000003", "B0000001"]
    assert await ledger_is_whole(container)


async def test_two_in_a_batch_that_draw_the_same_receipt_both_go_through(
    container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["A0000003", "A0000003", "B0000001", "C0000000"])
    monkeypatch.setattr(batch, "draw", lambda _: next(drawn))

    outcomes = await all_of(container, [container.request(recipient=one) for one in numbers(2)])

    assert {answer.receipt for answer in answers(outcomes) if isinstance(answer, RetAnswer)} == {"B0000001", "C0000000"}


async def test_a_request_whose_decision_raises_is_set_aside_and_the_others_go_through(
    container: Container, commits: Commits
) -> None:
    def fail_at_poison(answer: Answer) -> str:
        if isinstance(answer, RetAnswer) and answer.brand.code == POISON.code:
            raise ZeroDivisionError
        return "text"

    await container.allow(*numbers(3))
    await container.allow(NUMBER, brand=POISON)
    container.texts = fail_at_poison
    requests = [container.request(recipient=one) for one in numbers(3)]
    requests.insert(1, container.request(RET_POISON))
    commits.done = 0

    first, aside, *rest = answers(await all_of(container, requests))

    assert commits.done == 1
    assert isinstance(aside, SetAside)
    assert all(isinstance(answer, RetAnswer) and answer.ended for answer in (first, *rest))
    assert await container.rows(
        "SELECT outcome, receipt, octets FROM request JOIN raw ON request = id WHERE review = 'open'"
    ) == [("set-aside", aside.receipt, b"raw")]
    assert await container.rows("SELECT status FROM consent WHERE brand_code = ?", POISON.code) == [("ONAY",)]
    assert await ledger_is_whole(container)


@pytest.mark.parametrize("size", [1, 2, 7])
@pytest.mark.parametrize("place", ["first", "middle", "last"])
async def test_a_request_that_breaks_the_commit_is_set_aside_and_the_others_go_through(
    container: Container, size: int, place: str
) -> None:
    await container.refuse("objection", "brand_code", POISON.code)
    at = {"first": 0, "middle": size // 2, "last": size - 1}[place]
    requests = [container.request(recipient=one) for one in numbers(size)]
    requests[at] = container.request(RET_POISON)

    told = answers(await all_of(container, requests))

    assert isinstance(told.pop(at), SetAside)
    assert all(isinstance(answer, RetAnswer) and answer.kept for answer in told)
    assert await container.column("SELECT count(*) FROM request WHERE review = 'open'") == [1]
    assert await container.column("SELECT count(*) FROM request") == [size]
    assert await container.column("SELECT count(*) FROM objection") == [size - 1]
    assert await ledger_is_whole(container)


async def test_the_search_for_the_offender_keeps_the_order(container: Container) -> None:
    await container.refuse("objection", "brand_code", POISON.code)
    heard: list[int] = []

    def hear(number: int) -> Callable[[Outcome], None]:
        return lambda _: heard.append(number)

    for number, one in enumerate(numbers(9)):
        intent = RET_POISON if number in (2, 6) else RET_MIGROS
        container.desk.submit(container.request(intent, one), hear(number))
    container.desk.submit(container.request(NotUnderstood(), numbers(1)[0], key=b"later"), hear(9))
    await until(lambda: len(heard) == 10)

    assert heard == list(range(10))
    received = await container.column("SELECT recipient FROM request ORDER BY id")
    assert received == [one.reveal() for one in numbers(9)] + [numbers(1)[0].reveal()]


async def test_a_request_that_cannot_even_be_set_aside_is_turned_away_alone(container: Container) -> None:
    too_large = container.request(connection=1 << 70)

    bad, good = await all_of(container, [too_large, container.request(recipient=numbers(1)[0])])

    assert isinstance(bad, Temporary)
    assert isinstance(good, Committed)
    assert await container.column("SELECT count(*) FROM request") == [1]


@pytest.mark.parametrize(
    ("label", "intent", "has_number", "answered"),
    [
        ("unreadable", Unreadable("data_coding 0x04"), True, 1),
        ("unreadable and without a number", Unreadable("data_coding 0x04"), False, 0),
        ("a wish without a number", RET_MIGROS, False, 0),
    ],
)
async def test_what_cannot_be_decided_is_kept_raw_for_a_person(
    container: Container, label: str, intent: Unreadable | Ret, has_number: bool, answered: int
) -> None:
    request = container.request(intent, NUMBER if has_number else None, raw=b"\0\xff", text=None)

    [told] = answers(await all_of(container, [request]))

    assert isinstance(told, SetAside), label
    assert await container.rows("SELECT outcome, review, octets, text FROM request JOIN raw ON request = id") == [
        ("set-aside", "open", b"\0\xff", None)
    ]
    assert await container.column("SELECT count(*) FROM outbox") == [answered]


async def test_text_is_stored_without_what_no_database_holds(container: Container) -> None:
    await all_of(container, [container.request(NotUnderstood(), text="a\0b\ud800c")])

    assert await container.column("SELECT text FROM raw") == ["a\ufffdb\ufffdc"]


@pytest.mark.parametrize(("label", "waiting", "turned_away"), [("below", 4, 0), ("at", 5, 0), ("above", 6, 1)])
async def test_the_desk_holds_a_bounded_number_of_requests(
    container: Container, monkeypatch: pytest.MonkeyPatch, label: str, waiting: int, turned_away: int
) -> None:
    monkeypatch.setattr(desk, "WAITING_MAX", 5)

    outcomes = await all_of(container, [container.request(recipient=one) for one in numbers(waiting)])

    assert [isinstance(outcome, Temporary) for outcome in outcomes] == [False] * (waiting - turned_away) + [
        True
    ] * turned_away
    assert await container.column("SELECT count(*) FROM request") == [waiting - turned_away], label


async def test_a_closed_desk_turns_away_what_comes_and_commits_what_waits(container: Container) -> None:
    heard: list[Outcome] = []
    container.desk.submit(container.request(), heard.append)
    container.desk.close()

    late = await container.desk.handle(container.request(key=b"late"))
    await until(lambda: bool(heard))

    assert late == Temporary("closed")
    assert isinstance(heard[0], Committed)
    assert await container.column("SELECT count(*) FROM request") == [1]


async def test_a_door_that_gave_up_waiting_harms_nobody(container: Container) -> None:
    waiting = asyncio.create_task(container.desk.handle(container.request()))
    await asyncio.sleep(0)
    waiting.cancel()

    await all_of(container, [container.request(key=b"other", recipient=numbers(1)[0])])

    assert await container.column("SELECT count(*) FROM request") == [2]


async def make_full(container: Container) -> None:
    [(pages,)] = await container.pragma("page_count")
    await container.pragma(f"max_page_count={pages}")


async def make_room(container: Container) -> None:
    await container.pragma("max_page_count=1000000")


Step = Callable[[Container], Awaitable[None]]


async def test_a_fault_that_may_pass_turns_all_away_and_stores_nothing(container: Container, commits: Commits) -> None:
    await check_that_a_fault_stores_nothing(container, commits, Container.take_no_writes, Container.take_writes)


@on_sqlite
async def test_a_full_disk_turns_all_away_and_stores_nothing(container: Container, commits: Commits) -> None:
    await check_that_a_fault_stores_nothing(container, commits, make_full, make_room)


async def check_that_a_fault_stores_nothing(container: Container, commits: Commits, harm: Step, mend: Step) -> None:
    await container.allow(*numbers(3))
    await harm(container)
    long = [container.request(recipient=one, raw=bytes(20_000)) for one in numbers(3)]
    commits.rolled_back = 0

    outcomes = await all_of(container, long)

    assert all(isinstance(outcome, Temporary) for outcome in outcomes)
    assert commits.rolled_back == 1
    await mend(container)
    assert await container.column("SELECT count(*) FROM request") == [0]
    assert await container.column("SELECT DISTINCT status FROM consent") == ["ONAY"]
    assert container.book.committed.entry == 0

    told = answers(await all_of(container, long))

    assert all(isinstance(answer, RetAnswer) and answer.ended for answer in told)
    assert await ledger_is_whole(container)


async def test_a_database_locked_by_another_process_turns_away_for_now(
    url: str, clock: FakeClock, signer: Signer, container: Container
) -> None:
    await container.wait_at_most(100)
    async with opened(url, clock, signer, writes=False) as other:
        release, held = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def hold(transaction: Transaction) -> None:
            transaction.lock([NUMBER.reveal()])
            held.set()
            asyncio.run_coroutine_threadsafe(release.wait(), loop).result(PATIENCE_S)

        holding = asyncio.create_task(other.database.transact(hold))
        await until(held.is_set)

        [locked] = await all_of(container, [container.request()])
        release.set()
        await holding
        await container.wait_at_most(5000)
        [free] = await all_of(container, [container.request()])

    assert isinstance(locked, Temporary)
    assert isinstance(free, Committed)


async def test_a_failing_database_is_not_tried_in_a_tight_loop(container: Container, commits: Commits) -> None:
    container.outbox.accepted(1, "a", "id")
    await container.take_no_writes()
    commits.rolled_back = 0

    container.writer.wake()
    await asyncio.sleep(0.1)

    assert 1 <= commits.rolled_back <= 5
    await container.take_writes()


@on_sqlite
async def test_the_writer_says_for_how_long_the_database_has_taken_no_writes(container: Container) -> None:
    many = [container.request(recipient=one, text="x" * 4000) for one in numbers(20)]  # more than the pages hold
    assert container.writer.blocked_s == 0
    await make_full(container)

    assert {type(outcome) for outcome in await all_of(container, many)} == {Temporary}
    first = container.writer.blocked_s
    # To look is no sign that the database takes writes.
    assert await container.writer.errand(lambda transaction: transaction.rows(OLDEST_REVIEW)) == [(None,)]
    assert container.writer.blocked_s == first
    assert {type(outcome) for outcome in await all_of(container, many)} == {Temporary}
    second = container.writer.blocked_s
    await make_room(container)
    await all_of(container, [container.request()])

    assert 0 <= first < second
    assert container.writer.blocked_s == 0


async def test_a_message_that_breaks_things_is_no_fault_of_the_database(container: Container) -> None:
    def broken(*_: object) -> None:
        raise DataFault("database: IntegrityError")

    with pytest.raises(DataFault):
        await container.writer.errand(broken)

    assert container.writer.blocked_s == 0


async def test_an_act_is_dated_by_its_arrival_not_by_its_commit(container: Container) -> None:
    await container.allow(NUMBER)
    request = container.request()
    container.clock.pass_ms(90_000)

    await all_of(container, [request])

    [(consent_at, received_at, decided_at)] = await container.rows(
        "SELECT consent_at, received_at, decided_at FROM consent, request"
    )
    assert consent_at == received_at == request.received_at
    assert decided_at == Instant(request.received_at + 90_000)


async def test_a_fault_of_the_moment_in_the_middle_of_a_decision_is_nobodys_offence(
    container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> NoReturn:
        raise TemporaryFault("database: disk is full")

    monkeypatch.setattr(Citizens, "standing", full)

    outcome = await container.desk.handle(container.request())

    assert outcome == Temporary("database: disk is full")
    assert await container.rows("SELECT * FROM request") == []


async def test_a_poisonous_message_uses_up_nobodys_budget_of_answers(container: Container) -> None:
    """The batch is tried again by halves: what its rolled back transactions counted is not counted."""
    rules = NO_LIMITS._replace(errors_per_prefix_minute=63)
    container.desk._tools = container.desk._tools._replace(rules=rules, reply_quota=ReplyQuota(rules))
    await container.refuse("objection", "brand_code", POISON.code)
    citizens = list(numbers(64))
    requests = [container.request(NotUnderstood(), one, key=str(n).encode()) for n, one in enumerate(citizens)]
    requests[40] = container.request(RET_POISON, citizens[40], key=b"poison")

    await all_of(container, requests)

    assert await container.column("SELECT count(*) FROM outbox") == [64]
    assert await container.column("SELECT count(*) FROM request WHERE silence IS NOT NULL") == [0]


async def test_why_a_request_gets_no_answer_is_stored_and_counted(container: Container) -> None:
    rules = NO_LIMITS._replace(errors_per_number_hour=1)
    container.desk._tools = container.desk._tools._replace(rules=rules, reply_quota=ReplyQuota(rules))
    before = REGISTRY.get_sample_value("izinhatti_unanswered_total", {"door": "sms", "reason": "error-quota"}) or 0

    await all_of(container, [container.request(NotUnderstood(), NUMBER, key=key) for key in (b"a", b"b", b"c")])
    await all_of(container, [container.request(RET_MIGROS, None, key=b"d")])

    assert await container.column("SELECT silence FROM request ORDER BY id") == [
        None,
        "error-quota",
        "error-quota",
        "no-number",
    ]
    after = REGISTRY.get_sample_value("izinhatti_unanswered_total", {"door": "sms", "reason": "error-quota"})
    assert after == before + 2

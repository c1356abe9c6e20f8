"""The desk with its writer on a real file: group commit, order, poison, back-pressure, faults that pass."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import NoReturn

import pytest

from core.brands.brand import Brand
from core.conversation.answers import Answer, Committed, Outcome, RetAnswer, SetAside, Temporary, Unspoken
from core.conversation.requests import Mention, NotUnderstood, Request, Ret, Unreadable
from core.domain.clock import Instant
from core.domain.consent import ConsentType
from core.intake import batch, desk
from core.intake.desk import BATCH_MAX
from core.ledger.anchors import Signer
from core.ledger.chain import GENESIS, Entry, entry_hash
from core.registry.citizens import Citizens
from core.store.errors import DataFault, TemporaryFault
from core.store.queries.evidence import OLDEST_REVIEW
from core.store.transaction import Transaction
from tests.counter import MIGROS, NUMBER, PATIENCE_S, RET_MIGROS, Counter, FakeClock, numbers, opened, until
from tests.counter_fixtures import on_sqlite

POISON = Brand("666000", "POISON")
RET_POISON = Ret((Mention.of(POISON),))


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


async def all_of(counter: Counter, requests: list[Request]) -> list[Outcome]:
    async with asyncio.timeout(PATIENCE_S):
        return await asyncio.gather(*map(counter.desk.handle, requests))


def answers(outcomes: list[Outcome]) -> list[Answer | Unspoken]:
    assert all(isinstance(outcome, Committed) for outcome in outcomes)
    return [outcome.answer for outcome in outcomes if isinstance(outcome, Committed)]


async def ledger_is_whole(counter: Counter) -> bool:
    entries = [Entry(*row) for row in await counter.rows("SELECT book, entry, hash, body FROM ledger ORDER BY entry")]
    previous = GENESIS
    for number, entry in enumerate(entries, 1):
        previous = entry_hash(previous, counter.book.number, number, entry.body)
        if (entry.entry, entry.hash) != (number, previous):
            return False
    return counter.book.committed[1:] == (len(entries), previous)


async def test_an_act_is_written_with_its_evidence_ledger_entry_and_answer(counter: Counter) -> None:
    await counter.allow(NUMBER)

    [outcome] = await all_of(counter, [counter.request()])

    assert isinstance(outcome, Committed)
    assert isinstance(outcome.answer, RetAnswer)
    receipt = outcome.answer.receipt
    assert outcome.answer.ended == (ConsentType.MESAJ,)
    assert await counter.rows("SELECT status, source, receipt FROM consent") == [("RET", "IYS_KISAMESAJ", receipt)]
    assert await counter.rows("SELECT id, outcome, receipt, entry, review FROM request") == [
        (outcome.request_id, "ret", receipt, 1, None)
    ]
    assert await counter.rows("SELECT request, octets, text FROM raw") == [(outcome.request_id, b"raw", "RET MIGROS")]
    assert await counter.rows("SELECT request, recipient, text, state FROM outbox") == [
        (outcome.request_id, NUMBER.reveal(), "RetAnswer", "ready")
    ]
    assert NUMBER.reveal()[1:] not in str(await counter.column("SELECT body FROM ledger"))
    assert await ledger_is_whole(counter)


async def test_requests_that_wait_together_are_committed_together(counter: Counter, commits: Commits) -> None:
    await counter.allow(*numbers(BATCH_MAX))
    commits.done = 0

    outcomes = await all_of(counter, [counter.request(recipient=one) for one in numbers(BATCH_MAX)])

    assert commits.done == 1
    assert all(isinstance(answer, RetAnswer) and answer.ended for answer in answers(outcomes))
    assert await counter.column("SELECT DISTINCT status FROM consent") == ["RET"]


async def test_one_more_than_a_batch_takes_a_second_transaction(counter: Counter, commits: Commits) -> None:
    await all_of(counter, [counter.request(recipient=one) for one in numbers(BATCH_MAX + 1)])

    assert commits.done == 2


async def test_requests_of_one_citizen_see_each_other_in_their_order(counter: Counter, commits: Commits) -> None:
    await counter.allow(NUMBER)
    both = Ret((Mention.of(MIGROS),), (ConsentType.ARAMA, ConsentType.MESAJ))
    commits.done = 0

    outcomes = await all_of(
        counter, [counter.request(said, key=bytes([n])) for n, said in enumerate([RET_MIGROS, both])]
    )

    first, second = answers(outcomes)
    assert isinstance(first, RetAnswer)
    assert isinstance(second, RetAnswer)
    assert first.ended == second.already == (ConsentType.MESAJ,)
    assert second.kept == (ConsentType.ARAMA,)
    assert commits.done == 1
    [receipt] = await counter.column("SELECT receipt FROM consent")
    assert receipt == first.receipt


async def test_nobody_is_answered_before_the_commit(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Outcome] = []
    at_commit: list[int] = []
    commit = Transaction.commit

    def watched(transaction: Transaction) -> None:
        at_commit.append(len(heard))
        commit(transaction)

    monkeypatch.setattr(Transaction, "commit", watched)

    counter.desk.submit(counter.request(), heard.append)
    await until(lambda: bool(heard))

    assert at_commit[0] == 0


async def test_a_receipt_drawn_twice_is_drawn_again(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["A0000003", "A0000003", "B0000001"])
    monkeypatch.setattr(batch, "draw", lambda _: next(drawn))
    await all_of(counter, [counter.request()])

    [again] = answers(await all_of(counter, [counter.request(key=b"other")]))

    assert isinstance(again, RetAnswer)
    assert again.receipt == "B0000001"
    assert await counter.column("SELECT receipt FROM request ORDER BY id") == ["A0000003", "B0000001"]
    assert await ledger_is_whole(counter)


async def test_two_in_a_batch_that_draw_the_same_receipt_both_go_through(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["A0000003", "A0000003", "B0000001", "C0000000"])
    monkeypatch.setattr(batch, "draw", lambda _: next(drawn))

    outcomes = await all_of(counter, [counter.request(recipient=one) for one in numbers(2)])

    assert {answer.receipt for answer in answers(outcomes) if isinstance(answer, RetAnswer)} == {"B0000001", "C0000000"}


async def test_a_request_whose_decision_raises_is_set_aside_and_the_others_go_through(
    counter: Counter, commits: Commits
) -> None:
    def fail_at_poison(answer: Answer) -> str:
        if isinstance(answer, RetAnswer) and answer.brand.code == POISON.code:
            raise ZeroDivisionError
        return "text"

    await counter.allow(*numbers(3))
    await counter.allow(NUMBER, brand=POISON)
    counter.texts = fail_at_poison
    requests = [counter.request(recipient=one) for one in numbers(3)]
    requests.insert(1, counter.request(RET_POISON))
    commits.done = 0

    first, aside, *rest = answers(await all_of(counter, requests))

    assert commits.done == 1
    assert isinstance(aside, SetAside)
    assert all(isinstance(answer, RetAnswer) and answer.ended for answer in (first, *rest))
    assert await counter.rows(
        "SELECT outcome, receipt, octets FROM request JOIN raw ON request = id WHERE review = 'open'"
    ) == [("set-aside", aside.receipt, b"raw")]
    assert await counter.rows("SELECT status FROM consent WHERE brand_code = ?", POISON.code) == [("ONAY",)]
    assert await ledger_is_whole(counter)


@pytest.mark.parametrize("size", [1, 2, 7])
@pytest.mark.parametrize("place", ["first", "middle", "last"])
async def test_a_request_that_breaks_the_commit_is_set_aside_and_the_others_go_through(
    counter: Counter, size: int, place: str
) -> None:
    await counter.refuse("objection", "brand_code", POISON.code)
    at = {"first": 0, "middle": size // 2, "last": size - 1}[place]
    requests = [counter.request(recipient=one) for one in numbers(size)]
    requests[at] = counter.request(RET_POISON)

    told = answers(await all_of(counter, requests))

    assert isinstance(told.pop(at), SetAside)
    assert all(isinstance(answer, RetAnswer) and answer.kept for answer in told)
    assert await counter.column("SELECT count(*) FROM request WHERE review = 'open'") == [1]
    assert await counter.column("SELECT count(*) FROM request") == [size]
    assert await counter.column("SELECT count(*) FROM objection") == [size - 1]
    assert await ledger_is_whole(counter)


async def test_the_search_for_the_offender_keeps_the_order(counter: Counter) -> None:
    await counter.refuse("objection", "brand_code", POISON.code)
    heard: list[int] = []

    def hear(number: int) -> Callable[[Outcome], None]:
        return lambda _: heard.append(number)

    for number, one in enumerate(numbers(9)):
        said = RET_POISON if number in (2, 6) else RET_MIGROS
        counter.desk.submit(counter.request(said, one), hear(number))
    counter.desk.submit(counter.request(NotUnderstood(), numbers(1)[0], key=b"later"), hear(9))
    await until(lambda: len(heard) == 10)

    assert heard == list(range(10))
    received = await counter.column("SELECT recipient FROM request ORDER BY id")
    assert received == [one.reveal() for one in numbers(9)] + [numbers(1)[0].reveal()]


async def test_a_request_that_cannot_even_be_set_aside_is_turned_away_alone(counter: Counter) -> None:
    too_large = counter.request(link=1 << 70)

    bad, good = await all_of(counter, [too_large, counter.request(recipient=numbers(1)[0])])

    assert isinstance(bad, Temporary)
    assert isinstance(good, Committed)
    assert await counter.column("SELECT count(*) FROM request") == [1]


@pytest.mark.parametrize(
    ("label", "said", "has_number", "answered"),
    [
        ("unreadable", Unreadable("data_coding 0x04"), True, 1),
        ("unreadable and without a number", Unreadable("data_coding 0x04"), False, 0),
        ("a wish without a number", RET_MIGROS, False, 0),
    ],
)
async def test_what_cannot_be_decided_is_kept_raw_for_a_person(
    counter: Counter, label: str, said: Unreadable | Ret, has_number: bool, answered: int
) -> None:
    request = counter.request(said, NUMBER if has_number else None, raw=b"\0\xff", text=None)

    [told] = answers(await all_of(counter, [request]))

    assert isinstance(told, SetAside), label
    assert await counter.rows("SELECT outcome, review, octets, text FROM request JOIN raw ON request = id") == [
        ("set-aside", "open", b"\0\xff", None)
    ]
    assert await counter.column("SELECT count(*) FROM outbox") == [answered]


async def test_text_is_stored_without_what_no_database_holds(counter: Counter) -> None:
    await all_of(counter, [counter.request(NotUnderstood(), text="a\0b\ud800c")])

    assert await counter.column("SELECT text FROM raw") == ["a\ufffdb\ufffdc"]


@pytest.mark.parametrize(("label", "waiting", "turned_away"), [("below", 4, 0), ("at", 5, 0), ("above", 6, 1)])
async def test_the_desk_holds_a_bounded_number_of_requests(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, label: str, waiting: int, turned_away: int
) -> None:
    monkeypatch.setattr(desk, "WAITING_MAX", 5)

    outcomes = await all_of(counter, [counter.request(recipient=one) for one in numbers(waiting)])

    assert [isinstance(outcome, Temporary) for outcome in outcomes] == [False] * (waiting - turned_away) + [
        True
    ] * turned_away
    assert await counter.column("SELECT count(*) FROM request") == [waiting - turned_away], label


async def test_a_closed_desk_turns_away_what_comes_and_commits_what_waits(counter: Counter) -> None:
    heard: list[Outcome] = []
    counter.desk.submit(counter.request(), heard.append)
    counter.desk.close()

    late = await counter.desk.handle(counter.request(key=b"late"))
    await until(lambda: bool(heard))

    assert late == Temporary("closed")
    assert isinstance(heard[0], Committed)
    assert await counter.column("SELECT count(*) FROM request") == [1]


async def test_a_door_that_gave_up_waiting_harms_nobody(counter: Counter) -> None:
    waiting = asyncio.create_task(counter.desk.handle(counter.request()))
    await asyncio.sleep(0)
    waiting.cancel()

    await all_of(counter, [counter.request(key=b"other", recipient=numbers(1)[0])])

    assert await counter.column("SELECT count(*) FROM request") == [2]


async def make_full(counter: Counter) -> None:
    [(pages,)] = await counter.pragma("page_count")
    await counter.pragma(f"max_page_count={pages}")


async def make_room(counter: Counter) -> None:
    await counter.pragma("max_page_count=1000000")


Step = Callable[[Counter], Awaitable[None]]


async def test_a_fault_that_may_pass_turns_all_away_and_stores_nothing(counter: Counter, commits: Commits) -> None:
    await check_that_a_fault_stores_nothing(counter, commits, Counter.take_no_writes, Counter.take_writes)


@on_sqlite
async def test_a_full_disk_turns_all_away_and_stores_nothing(counter: Counter, commits: Commits) -> None:
    await check_that_a_fault_stores_nothing(counter, commits, make_full, make_room)


async def check_that_a_fault_stores_nothing(counter: Counter, commits: Commits, harm: Step, mend: Step) -> None:
    await counter.allow(*numbers(3))
    await harm(counter)
    long = [counter.request(recipient=one, raw=bytes(20_000)) for one in numbers(3)]
    commits.rolled_back = 0

    outcomes = await all_of(counter, long)

    assert all(isinstance(outcome, Temporary) for outcome in outcomes)
    assert commits.rolled_back == 1
    await mend(counter)
    assert await counter.column("SELECT count(*) FROM request") == [0]
    assert await counter.column("SELECT DISTINCT status FROM consent") == ["ONAY"]
    assert counter.book.committed.entry == 0

    told = answers(await all_of(counter, long))

    assert all(isinstance(answer, RetAnswer) and answer.ended for answer in told)
    assert await ledger_is_whole(counter)


async def test_a_database_locked_by_another_process_turns_away_for_now(
    url: str, clock: FakeClock, signer: Signer, counter: Counter
) -> None:
    await counter.wait_at_most(100)
    async with opened(url, clock, signer, writes=False) as other:
        release, held = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def hold(transaction: Transaction) -> None:
            transaction.lock([NUMBER.reveal()])
            held.set()
            asyncio.run_coroutine_threadsafe(release.wait(), loop).result(PATIENCE_S)

        holding = asyncio.create_task(other.database.transact(hold))
        await until(held.is_set)

        [locked] = await all_of(counter, [counter.request()])
        release.set()
        await holding
        await counter.wait_at_most(5000)
        [free] = await all_of(counter, [counter.request()])

    assert isinstance(locked, Temporary)
    assert isinstance(free, Committed)


async def test_a_failing_database_is_not_tried_in_a_tight_loop(counter: Counter, commits: Commits) -> None:
    counter.outbox.accepted(1, "a", "id")
    await counter.take_no_writes()
    commits.rolled_back = 0

    counter.writer.wake()
    await asyncio.sleep(0.1)

    assert 1 <= commits.rolled_back <= 5
    await counter.take_writes()


@on_sqlite
async def test_the_writer_says_for_how_long_the_database_has_taken_no_writes(counter: Counter) -> None:
    many = [counter.request(recipient=one, text="x" * 4000) for one in numbers(20)]  # more than the pages hold
    assert counter.writer.blocked_s == 0
    await make_full(counter)

    assert {type(outcome) for outcome in await all_of(counter, many)} == {Temporary}
    first = counter.writer.blocked_s
    # To look is no sign that the database takes writes.
    assert await counter.writer.errand(lambda transaction: transaction.rows(OLDEST_REVIEW)) == [(None,)]
    assert counter.writer.blocked_s == first
    assert {type(outcome) for outcome in await all_of(counter, many)} == {Temporary}
    second = counter.writer.blocked_s
    await make_room(counter)
    await all_of(counter, [counter.request()])

    assert 0 <= first < second
    assert counter.writer.blocked_s == 0


async def test_a_message_that_breaks_things_is_no_fault_of_the_database(counter: Counter) -> None:
    def broken(*_: object) -> None:
        raise DataFault("database: IntegrityError")

    with pytest.raises(DataFault):
        await counter.writer.errand(broken)

    assert counter.writer.blocked_s == 0


async def test_an_act_is_dated_by_its_arrival_not_by_its_commit(counter: Counter) -> None:
    await counter.allow(NUMBER)
    request = counter.request()
    counter.clock.pass_ms(90_000)

    await all_of(counter, [request])

    [(consent_at, received_at, decided_at)] = await counter.rows(
        "SELECT consent_at, received_at, decided_at FROM consent, request"
    )
    assert consent_at == received_at == request.received_at
    assert decided_at == Instant(request.received_at + 90_000)


async def test_a_fault_of_the_moment_in_the_middle_of_a_decision_is_nobodys_offence(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> NoReturn:
        raise TemporaryFault("database: disk is full")

    monkeypatch.setattr(Citizens, "standing", full)

    outcome = await counter.desk.handle(counter.request())

    assert outcome == Temporary("database: disk is full")
    assert await counter.rows("SELECT * FROM request") == []

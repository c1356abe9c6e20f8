"""Calls at the desk, on a real file: what is texted of them and to whom, and what becomes of them in time."""

import asyncio
import threading

import pytest

from core.conversation.answers import Committed, Outcome, RetAnswer, Temporary, Undecided
from core.conversation.requests import AskCode, Door, GiveCode, OnayCode, RetAll, RetAlone, Said, Unreadable, Yardim
from core.domain.recipients import Msisdn
from core.store.transaction import Transaction
from tests import outside
from tests.core.conversation.decisions.scenes import CLOSED, HOPI, MIGROS, onay, ret, sikayet
from tests.counter import NUMBER, PATIENCE_S, Counter, until

FIXED = Msisdn.parse("+902121234567")
ABROAD = Msisdn.parse("+4915123456789")
FIXED_ABROAD = Msisdn.parse("+493012345678")


async def call(counter: Counter, said: Said, number: Msisdn = NUMBER) -> Committed:
    outcome = await counter.desk.handle(counter.request(said, number, door=Door.IVR, origin="", destination=""))
    assert isinstance(outcome, Committed)
    return outcome


@pytest.mark.parametrize(
    ("said", "is_texted"),
    [
        pytest.param(ret(MIGROS), True, id="a refusal"),
        pytest.param(RetAll(is_confirmed=True), True, id="a refusal of all"),
        pytest.param(RetAlone(), True, id="the list"),
        pytest.param(onay(HOPI), True, id="a code that allows"),
        pytest.param(AskCode(), True, id="a code that proves"),
        pytest.param(sikayet(MIGROS), True, id="a report"),
        pytest.param(Yardim(), True, id="help for who keyed in nothing useful"),
        pytest.param(Unreadable("broken"), True, id="set aside"),
        pytest.param(OnayCode("000000"), False, id="no open question"),
        pytest.param(GiveCode("000000"), False, id="a wrong proof"),
        pytest.param(onay(CLOSED), False, id="a closed brand"),
    ],
)
async def test_a_caller_is_texted_what_is_worth_keeping(counter: Counter, said: Said, is_texted: bool) -> None:
    done = await call(counter, said)

    assert done.is_texted == is_texted
    assert await counter.column("SELECT count(*) FROM outbox") == [int(is_texted)]


@pytest.mark.parametrize(
    ("number", "is_texted"),
    [
        pytest.param(NUMBER, True, id="a mobile number"),
        pytest.param(ABROAD, True, id="a mobile number abroad"),
        pytest.param(FIXED, False, id="a fixed line"),
        pytest.param(FIXED_ABROAD, False, id="a fixed line abroad"),
        pytest.param(Msisdn.parse("+908501234567"), False, id="a line without a place"),
    ],
)
@pytest.mark.parametrize("said", [ret(MIGROS), Unreadable("broken")], ids=["done", "set aside"])
async def test_only_a_number_that_takes_messages_is_texted(
    counter: Counter, number: Msisdn, is_texted: bool, said: Said
) -> None:
    assert (await call(counter, said, number)).is_texted == is_texted


async def test_the_same_answer_by_sms_is_texted_whatever_the_number(counter: Counter) -> None:
    outcome = await counter.desk.handle(counter.request(ret(MIGROS), FIXED))

    assert isinstance(outcome, Committed)
    assert outcome.is_texted


class Held:
    """A transaction that is held open in the database thread, as a lock or a disk holds one."""

    def __init__(self, counter: Counter) -> None:
        self.entered, self.release = threading.Event(), threading.Event()
        self._work = asyncio.ensure_future(counter.writer.errand(self._hold))

    def _hold(self, _transaction: Transaction) -> None:
        self.entered.set()
        self.release.wait(PATIENCE_S)

    async def end(self) -> None:
        self.release.set()
        await self._work


async def test_a_request_that_no_transaction_took_in_time_is_never_carried_out(counter: Counter) -> None:
    await counter.allow(NUMBER)
    held = Held(counter)
    await until(held.entered.is_set)

    outcome = await counter.desk.handle_within(counter.request(), 0.01)

    assert isinstance(outcome, Temporary)
    await held.end()
    await counter.desk.handle(counter.request(Yardim()))
    assert await counter.column("SELECT status FROM consent") == ["ONAY"]
    assert await counter.column("SELECT outcome FROM request") == ["help"]


async def test_a_request_that_waited_too_long_for_another_process_is_never_carried_out(
    counter: Counter, url: str
) -> None:
    await counter.allow(NUMBER)

    with outside.unfinished(url, lambda transaction: transaction.lock([NUMBER.reveal()])):
        outcome = await counter.desk.handle_within(counter.request(), 0.05)

    assert isinstance(outcome, Temporary)
    await counter.desk.handle(counter.request(Yardim()))
    assert await counter.column("SELECT status FROM consent") == ["ONAY"]
    assert await counter.column("SELECT outcome FROM request") == ["help"]


async def test_one_that_was_taken_may_still_come_to_its_end(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    await counter.allow(NUMBER)
    commit, release = Transaction.commit, threading.Event()

    def slow(transaction: Transaction) -> None:
        release.wait(PATIENCE_S)
        commit(transaction)

    monkeypatch.setattr(Transaction, "commit", slow)

    outcome = await counter.desk.handle_within(counter.request(), 0.05)

    assert isinstance(outcome, Undecided)
    release.set()
    await counter.desk.handle(counter.request(Yardim()))
    assert await counter.column("SELECT status FROM consent") == ["RET"]


async def test_in_time_it_is_answered_as_any_other(counter: Counter) -> None:
    outcome: Outcome | Undecided = await counter.desk.handle_within(counter.request(), PATIENCE_S)

    assert isinstance(outcome, Committed)
    assert isinstance(outcome.answer, RetAnswer)


async def test_a_closed_desk_turns_away_at_once(counter: Counter) -> None:
    counter.desk.close()

    assert isinstance(await counter.desk.handle_within(counter.request(), PATIENCE_S), Temporary)

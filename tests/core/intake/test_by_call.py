"""Calls at the desk, on a real file: what is texted of them and to whom, and what becomes of them in time."""

import asyncio
import threading

import pytest

from core.conversation.answers import Committed, Outcome, RetAnswer, Temporary, Undecided
from core.conversation.requests import (
    AskCode,
    Door,
    GiveCode,
    OnayCode,
    RequestIntent,
    RetAll,
    RetAlone,
    Unreadable,
    Yardim,
)
from core.domain.recipients import Msisdn
from core.store.transaction import Transaction
from tests import outside
from tests.container import NUMBER, PATIENCE_S, Container, until
from tests.core.conversation.decisions.scenes import CLOSED, HOPI, MIGROS, onay, ret, sikayet

FIXED = Msisdn.parse("+902121234567")
ABROAD = Msisdn.parse("+4915123456789")
FIXED_ABROAD = Msisdn.parse("+493012345678")


async def call(container: Container, intent: RequestIntent, number: Msisdn = NUMBER) -> Committed:
    outcome = await container.desk.handle(container.request(intent, number, door=Door.IVR, origin="", destination=""))
    assert isinstance(outcome, Committed)
    return outcome


@pytest.mark.parametrize(
    ("intent", "is_texted"),
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
async def test_a_caller_is_texted_what_is_worth_keeping(
    container: Container, intent: RequestIntent, is_texted: bool
) -> None:
    done = await call(container, intent)

    assert done.is_texted == is_texted
    assert await container.column("SELECT count(*) FROM outbox") == [int(is_texted)]


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
@pytest.mark.parametrize("intent", [ret(MIGROS), Unreadable("broken")], ids=["done", "set aside"])
async def test_only_a_number_that_takes_messages_is_texted(
    container: Container, number: Msisdn, is_texted: bool, intent: RequestIntent
) -> None:
    assert (await call(container, intent, number)).is_texted == is_texted


async def test_the_same_answer_by_sms_is_texted_whatever_the_number(container: Container) -> None:
    outcome = await container.desk.handle(container.request(ret(MIGROS), FIXED))

    assert isinstance(outcome, Committed)
    assert outcome.is_texted


class Held:
    """A transaction that is held open in the database thread, as a lock or a disk holds one."""

    def __init__(self, container: Container) -> None:
        self.entered, self.release = threading.Event(), threading.Event()
        self._work = asyncio.ensure_future(container.writer.errand(self._hold))

    def _hold(self, _transaction: Transaction) -> None:
        self.entered.set()
        self.release.wait(PATIENCE_S)

    async def end(self) -> None:
        self.release.set()
        await self._work


async def test_a_request_that_no_transaction_took_in_time_is_never_carried_out(container: Container) -> None:
    await container.allow(NUMBER)
    held = Held(container)
    await until(held.entered.is_set)

    outcome = await container.desk.handle_within(container.request(), 0.01)

    assert isinstance(outcome, Temporary)
    await held.end()
    await container.desk.handle(container.request(Yardim()))
    assert await container.column("SELECT status FROM consent") == ["ONAY"]
    assert await container.column("SELECT outcome FROM request") == ["help"]


async def test_a_request_that_waited_too_long_for_another_process_is_never_carried_out(
    container: Container, url: str
) -> None:
    await container.allow(NUMBER)

    with outside.unfinished(url, lambda transaction: transaction.lock([NUMBER.reveal()])):
        outcome = await container.desk.handle_within(container.request(), 0.05)

    assert isinstance(outcome, Temporary)
    await container.desk.handle(container.request(Yardim()))
    assert await container.column("SELECT status FROM consent") == ["ONAY"]
    assert await container.column("SELECT outcome FROM request") == ["help"]


async def test_one_that_was_taken_may_still_come_to_its_end(
    container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    await container.allow(NUMBER)
    commit, release = Transaction.commit, threading.Event()

    def slow(transaction: Transaction) -> None:
        release.wait(PATIENCE_S)
        commit(transaction)

    monkeypatch.setattr(Transaction, "commit", slow)

    outcome = await container.desk.handle_within(container.request(), 0.05)

    assert isinstance(outcome, Undecided)
    release.set()
    await container.desk.handle(container.request(Yardim()))
    assert await container.column("SELECT status FROM consent") == ["RET"]


async def test_in_time_it_is_answered_as_any_other(container: Container) -> None:
    outcome: Outcome | Undecided = await container.desk.handle_within(container.request(), PATIENCE_S)

    assert isinstance(outcome, Committed)
    assert isinstance(outcome.answer, RetAnswer)


async def test_a_closed_desk_turns_away_at_once(container: Container) -> None:
    container.desk.close()

    assert isinstance(await container.desk.handle_within(container.request(), PATIENCE_S), Temporary)

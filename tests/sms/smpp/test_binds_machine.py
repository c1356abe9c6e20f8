"""Binds to two operators that drop, delay, duplicate, reorder and throttle, before a process that is killed now and
then: what was accepted is stored, what is stored was acted on once, and what was acted on is answered or counted."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from core.domain.recipients import Msisdn
from core.intake.process_book import begin
from core.ledger.anchors import Signer
from core.outbox.outbox import Outbox, sweep
from core.store.connection import BookLocks
from core.store.database import Database
from core.store.errors import StoreError
from sms.smpp import codes, delayed_nacks, pace
from sms.smpp.operator import Operator
from sms.smpp.pdu import build_plain
from tests.container import LEASE_MS, REDELIVERY_MS, Container, FakeClock
from tests.sms.smpp.line import operator_at
from tests.sms.smpp.network import Network, Wish

WINDOW: Final = 2
SENT_MAX: Final = 2 * WINDOW + WINDOW  # two transceivers, and a pair that sends over one of its binds
WISHES_MAX: Final = 20
CITIZENS: Final = [Msisdn(f"+90532{n:07}") for n in range(WISHES_MAX)]
STEP_S: Final = 0.002
ROUNDS_MAX: Final = 400

operators = st.integers(0, 1)
moments = st.sampled_from((0.0, 0.0005, 0.001, 0.002, 0.004))
places = st.integers(0, 9)
statuses = st.sampled_from([codes.ESME_ROK] * 3 + [codes.ESME_RTHROTTLED, codes.ESME_RMSGQFUL, 0x08])


class Process:
    """The line in one process, until it is killed."""

    def __init__(self, database: Database, locks: BookLocks, container: Container, networks: list[Network]) -> None:
        self.container = container
        self._database = database
        self._locks = locks
        siblings: list[Operator] = []
        second = Outbox(container.book.number, container.clock, LEASE_MS)
        container.writer.join(second)
        container.outboxes.append(second)
        first_port, second_port = (network.port for network in networks)
        self.operators = [
            operator_at(first_port, container, container.outbox, siblings, name="a", binds=2, window=WINDOW),
            operator_at(second_port, container, second, siblings, name="b", bind_as="pair", window=WINDOW),
        ]
        self._tasks = [  # held, so that none is collected while it runs
            asyncio.create_task(container.writer.run()),
            *[asyncio.create_task(operator.run()) for operator in self.operators],
        ]

    @classmethod
    async def start(cls, url: str, clock: FakeClock, signer: Signer, networks: list[Network]) -> "Process":
        database = await Database.open(url, busy_timeout_s=5)
        locks = database.book_locks()
        started = await database.transact(lambda transaction: begin(transaction, locks, signer, clock, REDELIVERY_MS))
        await database.transact(lambda transaction: sweep(transaction, clock()))
        return cls(database, locks, Container(database, locks, started.book, clock), networks)

    async def kill(self) -> None:
        """Nothing that is under way ends in order: what a transaction of this moment does is the database's matter."""
        while left := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=0.01)
        await self._database.close()
        self._locks.close()


class BindsMachine(RuleBasedStateMachine):
    def __init__(self, url: str, signer: Signer) -> None:
        super().__init__()
        self.url, self.signer = url, signer
        self.clock = FakeClock()
        self.networks = [Network("A"), Network("B")]
        self.runner = asyncio.Runner()
        self.process = self.runner.run(self._begin())

    async def _begin(self) -> Process:
        for network in self.networks:
            await network.start()
        process = await Process.start(self.url, self.clock, self.signer, self.networks)
        await process.container.allow(*CITIZENS)
        return process

    # What citizens and operators do.

    @precondition(lambda self: len(self.wishes) < WISHES_MAX)
    @rule(operator=operators, count=st.integers(1, 5))
    def wish(self, operator: int, count: int) -> None:
        self._wish(operator, count)
        self._go_on()

    @precondition(lambda self: len(self.wishes) < WISHES_MAX)
    @rule(operator=operators, count=st.integers(1, 5), wait=moments, is_killed=st.booleans())
    def wish_and_lose(self, operator: int, count: int, wait: float, is_killed: bool) -> None:
        """The connections, or the process, while the messages are on their way through it."""
        self._wish(operator, count)
        self.runner.run(asyncio.sleep(wait))
        if is_killed:
            self.runner.run(self._restart())
        else:
            self.networks[operator].cut()
        self._go_on()

    @rule()
    def bring_again(self) -> None:
        for network in self.networks:
            network.bring_what_is_left()
        self._go_on()

    @rule(operator=operators)
    def duplicate(self, operator: int) -> None:
        if end := self.networks[operator].receiving:
            end.bring_the_last_octets_again()
        self._go_on()

    @rule(operator=operators, places=st.lists(places, min_size=1, max_size=6), status=statuses)
    def answer(self, operator: int, places: list[int], status: int) -> None:
        """In any order; what is not answered is delayed."""
        network = self.networks[operator]
        for place in places:
            if network.waiting:
                network.answer(network.waiting[place % len(network.waiting)], status)
        self._go_on()

    @rule(operator=operators, place=places)
    def report(self, operator: int, place: int) -> None:
        network = self.networks[operator]
        if network.accepted:
            network.send_receipt(*network.accepted[place % len(network.accepted)])
        self._go_on()

    @rule(operator=operators, place=places)
    def report_early(self, operator: int, place: int) -> None:
        network = self.networks[operator]
        if network.waiting:
            network.send_receipt_early(network.waiting[place % len(network.waiting)])
        self._go_on()

    @rule(operator=operators, place=places, waits=st.booleans())
    def drop(self, operator: int, place: int, waits: bool) -> None:
        """One connection; the next thing may happen before it is bound again."""
        ends = self.networks[operator].ends
        if ends:
            ends[place % len(ends)].abort()
        if waits:
            self._go_on()

    @rule(operator=operators, place=places)
    def unbind(self, operator: int, place: int) -> None:
        ends = self.networks[operator].ends
        if ends:
            ends[place % len(ends)].send(build_plain(codes.UNBIND, 1))
        self._go_on()

    @rule(operator=operators, is_gone=st.booleans())
    def leave_or_return(self, operator: int, is_gone: bool) -> None:
        network = self.networks[operator]
        network.is_gone = is_gone
        if is_gone:
            network.cut()
        self._go_on()

    # What happens to the process.

    @rule()
    def kill(self) -> None:
        self.runner.run(self._restart())
        self._go_on()

    @rule(operator=operators, count=st.integers(0, 2))
    def refuse_writes(self, operator: int, count: int) -> None:
        container = self.process.container
        self.runner.run(container.take_no_writes())
        self._wish(operator, count)
        for network in self.networks:
            network.bring_what_is_left()
        self._go_on()
        self.runner.run(container.take_writes())
        self._go_on()

    @rule(milliseconds=st.sampled_from((1000, 5000, 20_000)))
    def pass_time(self, milliseconds: int) -> None:
        self.clock.pass_ms(milliseconds)
        self._go_on()

    # What holds at any time.

    @invariant()
    def accepted_is_stored_and_acted_on_once(self) -> None:
        acts = Counter(recipient for (recipient,) in self._rows("SELECT recipient FROM request WHERE outcome = 'ret'"))
        refused = {recipient for (recipient,) in self._rows("SELECT recipient FROM consent WHERE status = 'RET'")}
        accepted = {f"+{wish.citizen}" for wish in self.wishes if wish.is_acknowledged}

        assert accepted <= refused
        assert set(acts) == refused
        assert not acts or max(acts.values()) == 1

    @invariant()
    def no_more_is_sent_than_the_windows_hold(self) -> None:
        [(count,)] = self._rows("SELECT count(*) FROM outbox WHERE state = 'sent'")
        assert count <= SENT_MAX

    @invariant()
    def what_is_told_twice_is_counted(self) -> None:
        [(unknown,)] = self._rows("SELECT coalesce(sum(unknowns), 0) FROM outbox")
        in_flight = len(self._rows("SELECT 1 FROM outbox WHERE state = 'sent'"))
        told = self.networks[0].told + self.networks[1].told

        # Those that are `sent` may have been cut off a moment ago: that they are unknown is written next.
        assert told.total() - len(told) <= unknown + in_flight

    def teardown(self) -> None:
        try:
            self._heal()
        finally:
            self.runner.run(self._end())
            self.runner.close()

    def _heal(self) -> None:
        """Nothing goes wrong any more: all that citizens wished ends as it must."""
        for network in self.networks:
            network.is_gone = False
        for _ in range(ROUNDS_MAX):
            for network in self.networks:
                network.bring_what_is_left()
                for submit in list(network.waiting):
                    network.answer(submit, codes.ESME_ROK)
            self.clock.pass_ms(5000)
            self._go_on()
            is_acknowledged = all(wish.is_acknowledged for wish in self.wishes)
            if is_acknowledged and not self._rows("SELECT 1 FROM outbox WHERE state IN ('ready', 'sent')"):
                break
        else:
            raise AssertionError("something never ends")
        self.accepted_is_stored_and_acted_on_once()
        told = self.networks[0].told + self.networks[1].told
        dead = {recipient[1:] for (recipient,) in self._rows("SELECT recipient FROM outbox WHERE state = 'dead'")}
        [(unknown,)] = self._rows("SELECT coalesce(sum(unknowns), 0) FROM outbox")
        assert {wish.citizen for wish in self.wishes} == set(told) | dead
        assert told.total() - len(told) <= unknown

    @property
    def wishes(self) -> list[Wish]:
        return self.networks[0].wishes + self.networks[1].wishes

    def _wish(self, operator: int, count: int) -> None:
        for citizen in CITIZENS[len(self.wishes) :][:count]:
            wish = Wish(citizen.reveal()[1:])
            self.networks[operator].wishes.append(wish)
            self.networks[operator].bring(wish)

    def _go_on(self) -> None:
        self.runner.run(self._some_time())

    async def _some_time(self) -> None:
        """What the service does each second, and then a little of everything."""
        container = self.process.container
        with suppress(StoreError):
            await container.writer.errand(lambda transaction: sweep(transaction, self.clock()))
        container.expect_answers()
        container.writer.wake()
        for _ in range(5):
            await asyncio.sleep(STEP_S)

    async def _restart(self) -> None:
        await self.process.kill()
        self.process = await Process.start(self.url, self.clock, self.signer, self.networks)

    async def _end(self) -> None:
        await self.process.kill()
        for network in self.networks:
            await network.stop()

    def _rows(self, sql: str) -> list[Any]:
        return self.runner.run(self.process.container.rows(sql))


def test_two_operators(
    fresh: Callable[[], str], signer: Signer, monkeypatch: pytest.MonkeyPatch, long_run: bool
) -> None:
    class Machine(BindsMachine):
        def __init__(self) -> None:
            super().__init__(fresh(), signer)

    monkeypatch.setattr(delayed_nacks, "HOLD_BACK_S", STEP_S)
    monkeypatch.setattr(pace, "PAUSE_S", STEP_S)
    # Five minutes of shrinking would meet the time limit of a test, and what failed would never be shown.
    monkeypatch.setattr("hypothesis.internal.conjecture.engine.MAX_SHRINKING_SECONDS", 60)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=300 if long_run else 12, stateful_step_count=25, suppress_health_check=list(HealthCheck)
        ),
    )

"""Fault campaigns: whatever breaks, no message is lost, none acts twice, and what is told twice is counted.

On SQLite, whose lock and whose full disk two of them are about; those on PostgreSQL are `test_cluster`'s.
"""

import asyncio
import resource
import sqlite3
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from sms.smpp import codes
from sms.smpp.pdu import Message, header, parse_message
from tests.authority import Authority, serving
from tests.system.campaign import REFUSAL, WINDOW, Campaign, Outcome, prepare
from tests.system.regrets import Regrets
from tests.system.wire import Crossing, Wire

FEW, MANY = 200, 3000  # messages
KILLS = 3  # in each run


@pytest.fixture(scope="module")
def count(long_run: bool) -> int:
    return MANY if long_run else FEW


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, count: int) -> Path:
    path = tmp_path_factory.mktemp("template") / "izinhatti.db"
    prepare(path, count)
    return path


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(100 if metafunc.config.getoption("--long") else 2))


def check(outcome: Outcome, count: int, sending_binds: int = 1) -> None:
    assert (outcome.lost, outcome.acts, outcome.unanswered) == (0, count, 0)
    assert outcome.doubled <= outcome.unknown
    assert outcome.most_sent <= WINDOW * sending_binds


async def test_killed_at_random_moments(
    tmp_path: Path, template: Path, count: int, seed: int, figures: Callable[[str], None]
) -> None:
    async with Campaign.prepared(tmp_path, template, count, seed) as campaign:

        async def kill() -> None:
            for after in sorted(campaign.random.sample(range(count), KILLS)):
                await campaign.until_acknowledged(after)
                await asyncio.sleep(campaign.random.uniform(0, 0.05))
                campaign.kill()
                campaign.start()

        campaign.start()
        outcome = await campaign.run(asyncio.create_task(kill()))

    figures(f"killed {KILLS} times, seed {seed}: {count} messages, {outcome}")
    check(outcome, count)


async def test_links_cut_at_random_moments(
    tmp_path: Path, template: Path, count: int, figures: Callable[[str], None]
) -> None:
    async with Campaign.prepared(tmp_path, template, count, seed=1) as campaign:

        async def cut() -> None:
            for after in sorted(campaign.random.sample(range(count), 5)):
                await campaign.until_acknowledged(after)
                await asyncio.sleep(campaign.random.uniform(0, 0.01))
                campaign.simulators[0].drop_links()

        campaign.start()
        outcome = await campaign.run(asyncio.create_task(cut()))

    figures(f"links cut 5 times: {count} messages, {outcome}")
    check(outcome, count)
    assert campaign.unknown_by_metric == outcome.unknown


async def test_a_late_redelivery_after_an_opposite_act(
    tmp_path: Path, template: Path, count: int, figures: Callable[[str], None]
) -> None:
    wire, cuts = Wire(), 0
    async with Regrets.prepared(tmp_path, template, count, seed=9, wire=wire, dedupe_s=0) as campaign:
        cut_after = deque(sorted(campaign.random.sample(range(count), count // 50)))

        def cut(crossing: Crossing, pdu: bytes) -> bool:
            nonlocal cuts
            # Not while a code is under way: one that is lost twice is given up.
            if (
                header(pdu).command != codes.DELIVER_SM_RESP
                or not (cut_after and cut_after[0] <= campaign.acknowledged)
                or campaign.waiting_for_code
            ):
                return True
            cut_after.popleft()
            cuts += 1
            crossing.cut()
            return False

        wire.on_pdu = cut
        campaign.start()
        outcome = await campaign.run()

    changed = len(campaign.allowed_again)
    [(brought_again,)] = campaign.rows("SELECT count(*) FROM request WHERE repeat_of IS NOT NULL")
    figures(
        f"late redelivery after an opposite act: {count} messages, links cut {cuts} times, {changed} allowed again, "
        f"{brought_again} brought again, {outcome}"
    )
    check(outcome, count)
    assert cuts > 0
    assert changed >= cuts
    assert campaign.rows("SELECT count(*) FROM request WHERE outcome = 'onay'") == [(changed,)]
    # Each was matched, and none twice.
    assert campaign.rows("SELECT count(DISTINCT repeat_of) FROM request") == [(brought_again,)]
    [(refusals,)] = campaign.rows(
        "SELECT count(*) FROM request JOIN request AS original ON original.id = request.repeat_of "
        "WHERE original.outcome = 'ret'"
    )
    assert refusals >= changed


async def test_the_same_sequence_number_resent(
    tmp_path: Path, template: Path, count: int, figures: Callable[[str], None]
) -> None:
    wire, resent = Wire(), Counter[str]()
    statuses: dict[tuple[Crossing, int], list[int]] = defaultdict(list)
    brought: Counter[tuple[Crossing, int]] = Counter()
    after_response: dict[tuple[Crossing, int], bytes] = {}
    to_come = 0
    async with Campaign.prepared(tmp_path, template, count, seed=10, wire=wire, dedupe_s=0) as campaign:
        # Without the lock in the first moments all would be answered with the same status.
        database = sqlite3.connect(campaign.database, timeout=30, isolation_level=None)

        def see(crossing: Crossing, pdu: bytes) -> bool:
            head = header(pdu)
            at = crossing, head.sequence
            if head.command == codes.DELIVER_SM_RESP:
                statuses[at].append(head.status)
                again = after_response.pop(at, None)
                # A refusal asks for the message to come again: then it is decided, and no outcome is repeated.
                if again and head.status == codes.ESME_ROK:
                    resend_soon(*at, again)
            elif head.command == codes.DELIVER_SM and parse_message(pdu).short_message == REFUSAL:
                if not brought:
                    database.execute("BEGIN IMMEDIATE")
                    loop.call_later(2.5, database.execute, "ROLLBACK")
                brought[at] += 1
                for _ in range(campaign.random.randrange(3)):
                    resend_soon(*at, pdu)
                if campaign.random.random() < 0.5:
                    after_response[at] = pdu
            return True

        def resend_soon(crossing: Crossing, sequence: int, pdu: bytes) -> None:
            nonlocal to_come
            to_come += 1
            loop.call_later(campaign.random.uniform(0, 0.03), resend, crossing, sequence, pdu)

        def resend(crossing: Crossing, sequence: int, pdu: bytes) -> None:
            nonlocal to_come
            to_come -= 1
            resent["after" if statuses[crossing, sequence] else "before"] += 1
            brought[crossing, sequence] += 1
            crossing.line.send(pdu)

        async def all_answered() -> None:
            await campaign.until_acknowledged(count)
            while to_come or any(len(statuses[one]) < times for one, times in brought.items()):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

        loop = asyncio.get_running_loop()
        wire.on_pdu = see
        campaign.start()
        with closing(database):
            outcome = await campaign.run(asyncio.create_task(all_answered()))

    first = Counter(statuses[one][0] for one in brought)
    figures(
        f"same sequence number resent: {count} messages, resent {resent['before']} times before the first response and "
        f"{resent['after']} after it, first answered {dict(first)}, {outcome}"
    )
    check(outcome, count)
    assert (outcome.doubled, outcome.unknown) == (0, 0)
    assert campaign.rows("SELECT count(*) FROM request") == [(count,)]
    assert min(resent["before"], resent["after"]) > 0
    assert set(first) == {codes.ESME_ROK, codes.ESME_RMSGQFUL}
    for one, times in brought.items():
        assert statuses[one] == [statuses[one][0]] * times


async def test_answers_to_submits_lost(
    tmp_path: Path, template: Path, count: int, figures: Callable[[str], None]
) -> None:
    async with Campaign.prepared(tmp_path, template, count, seed=2, response_timeout_s=0.5) as campaign:

        def lose(message: Message) -> int | None:
            campaign.take(message)
            return None if campaign.random.random() < 0.2 else 0

        campaign.simulators[0].on_submit = lose
        campaign.start()
        outcome = await campaign.run()

    figures(f"one of five answers to submits lost: {count} messages, {outcome}")
    check(outcome, count)
    assert outcome.unknown > 0
    assert campaign.unknown_by_metric == outcome.unknown


async def test_told_to_slow_down_for_a_while(
    tmp_path: Path, template: Path, count: int, figures: Callable[[str], None]
) -> None:
    refused = 0
    async with Campaign.prepared(tmp_path, template, count, seed=3) as campaign:
        until = time.monotonic() + 60

        def throttle(message: Message) -> int | None:
            nonlocal refused, until
            until = until if refused else time.monotonic() + 1.5
            if time.monotonic() >= until:
                return campaign.take(message)
            refused += 1
            return codes.ESME_RTHROTTLED

        campaign.simulators[0].on_submit = throttle
        campaign.start()
        outcome = await campaign.run()

    figures(f"0x58 for 1.5 s: {count} messages, {refused} submits refused, {outcome}")
    check(outcome, count)
    assert (outcome.doubled, outcome.unknown, outcome.given_up) == (0, 0, 0)
    # It pauses: it does not knock again and again with all that waits.
    assert 0 < refused <= 3 * WINDOW


@pytest.mark.parametrize("rate", [0, 20], ids=["rate unknown to us", "rate in the settings"])
async def test_an_operator_that_takes_20_submits_a_second(
    tmp_path: Path, template: Path, rate: int, figures: Callable[[str], None]
) -> None:
    count, refused = 60, 0
    taken: deque[float] = deque()
    async with Campaign.prepared(tmp_path, template, count, seed=4, rate=rate) as campaign:

        def take(message: Message) -> int | None:
            nonlocal refused
            now = time.monotonic()
            while taken and taken[0] <= now - 1:
                taken.popleft()
            if len(taken) >= 20:
                refused += 1
                return codes.ESME_RTHROTTLED
            taken.append(now)
            return campaign.take(message)

        campaign.simulators[0].on_submit = take
        campaign.start()
        started = time.monotonic()
        outcome = await campaign.run()
        seconds = time.monotonic() - started

    figures(f"20 submits/s, rate = {rate}: {count} messages in {seconds:.1f} s, {refused} refused, {outcome}")
    assert (outcome.lost, outcome.unanswered, outcome.doubled, outcome.given_up) == (0, 0, 0, 0)
    assert refused <= (20 if rate else count)


async def test_one_of_two_operators_gone(
    tmp_path: Path, template: Path, count: int, figures: Callable[[str], None]
) -> None:
    async with Campaign.prepared(
        tmp_path, template, count, seed=5, operators=("binds = 2", 'bind = "pair"')
    ) as campaign:
        going = campaign.simulators[1]
        settled_without_it = 0

        async def lose_one() -> None:
            nonlocal settled_without_it
            await campaign.until_acknowledged(count // 3)
            port = going.port
            await going.stop()
            # What it had brought is answered by the other one.
            settled = "SELECT count(*) FROM outbox WHERE state NOT IN ('ready', 'sent')"
            while campaign.rows(settled) != campaign.rows("SELECT count(*) FROM outbox"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            [(settled_without_it,)] = campaign.rows(settled)
            await going.start("127.0.0.1", port)

        campaign.start()
        outcome = await campaign.run(asyncio.create_task(lose_one()))

    figures(f"one of two operators gone: {count} messages, {settled_without_it} settled meanwhile, {outcome}")
    check(outcome, count, sending_binds=3)
    assert settled_without_it >= count // 3
    assert campaign.unknown_by_metric == outcome.unknown


async def test_a_database_that_takes_no_writes_for_a_while(
    tmp_path: Path, template: Path, count: int, figures: Callable[[str], None]
) -> None:
    async with Campaign.prepared(tmp_path, template, count, seed=6) as campaign:

        async def lock() -> None:
            await campaign.until_acknowledged(count // 3)
            with closing(sqlite3.connect(campaign.database, timeout=30, isolation_level=None)) as database:
                database.execute("BEGIN IMMEDIATE")
                await asyncio.sleep(1.5)
                database.execute("ROLLBACK")

        campaign.start()
        outcome = await campaign.run(asyncio.create_task(lock()))

    figures(f"database locked for 1.5 s: {count} messages, {outcome}")
    check(outcome, count)


async def test_a_disk_that_is_full_for_a_while(
    tmp_path: Path, template: Path, count: int, figures: Callable[[str], None]
) -> None:
    async with Campaign.prepared(tmp_path, template, count, seed=7) as campaign:
        stood_at: list[int] = []

        async def fill() -> None:
            await campaign.until_acknowledged(count // 3)
            assert campaign.process is not None
            pid = campaign.process.pid
            assert pid is not None
            # No file may grow beyond this: what a full disk is to SQLite.
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (8192, resource.RLIM_INFINITY))
            await asyncio.sleep(0.5)
            stood_at.append(campaign.acknowledged)
            await asyncio.sleep(1)
            stood_at.append(campaign.acknowledged)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

        campaign.start()
        outcome = await campaign.run(asyncio.create_task(fill()))

    figures(f"disk full for 1.5 s: {count} messages, {outcome}")
    check(outcome, count)
    assert stood_at[0] == stood_at[1] < count  # meanwhile nothing was accepted


async def test_a_line_over_tls(tmp_path: Path, template: Path, count: int, figures: Callable[[str], None]) -> None:
    ca = Authority.made(tmp_path, "ca")
    ca.issue(tmp_path, "izinhatti")
    tls = serving(ca.issue(tmp_path, "smsc", "127.0.0.1"), clients=ca.file)
    files = "tls = true\ntls_ca = 'ca.pem'\ntls_cert = 'izinhatti.pem'\ntls_key = 'izinhatti.pem'"
    async with Campaign.prepared(tmp_path, template, count, seed=8, operators=(files,), tls=tls) as campaign:
        campaign.start()
        outcome = await campaign.run()

    figures(f"over TLS with certificates on both sides: {count} messages, {outcome}")
    check(outcome, count)
    assert outcome.unknown == 0

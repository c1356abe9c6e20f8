"""Two processes on one PostgreSQL while the server, or one of them, is killed again and again."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.postgresql import Server
from tests.system.audit import Outcome, audit
from tests.system.cluster import LEASE_S, LIMIT_S, Cluster
from tests.system.izinhatti import run

CITIZENS: Final = 60
KILLS: Final = 3  # in each run
FILLING: Final = 12_000  # rows


@pytest.fixture
def url(postgresql: Server) -> Iterator[str]:
    url = postgresql.fresh()
    yield url
    postgresql.give_back(url)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        many = 100 if "postgresql" in metafunc.definition.name else 25  # starts of programs take time
        metafunc.parametrize("seed", range(many if metafunc.config.getoption("--long") else 1))


async def verified(folder: Path) -> None:
    result = await run(folder, "ledger", "verify", "--json")
    assert (result.code, result.json()["ok"]) == (0, True), result.out


def check(outcome: Outcome) -> None:
    assert (outcome.lost, outcome.twice, outcome.disordered, outcome.unanswered) == (0, 0, 0, 0)
    assert outcome.acts == outcome.messages
    assert outcome.doubled <= outcome.unknown


async def test_postgresql_killed_at_random_moments_under_two_processes(
    tmp_path: Path, url: str, postgresql: Server, seed: int, figures: Callable[[str], None]
) -> None:
    async with Cluster.prepared(tmp_path, url, CITIZENS, seed) as cluster:

        async def kill() -> None:
            for after in sorted(cluster.random.sample(range(cluster.messages), KILLS)):
                await cluster.until_acknowledged(after)
                await asyncio.sleep(cluster.random.uniform(0, 0.05))
                await asyncio.to_thread(postgresql.kill)
                await asyncio.to_thread(postgresql.start)

        await cluster.run(asyncio.create_task(kill()))

    await verified(tmp_path)
    outcome = await audit(cluster)
    starts = [door.starts for door in cluster.doors]
    figures(f"two processes, PostgreSQL killed {KILLS} times, seed {seed}: {outcome}, process starts {starts}")
    check(outcome)


async def test_postgresql_stopped_at_once_under_two_processes(
    tmp_path: Path, url: str, postgresql: Server, figures: Callable[[str], None]
) -> None:
    stood_at: list[int] = []
    async with Cluster.prepared(tmp_path, url, CITIZENS, seed=1) as cluster:

        async def stop() -> None:
            await cluster.until_acknowledged(cluster.messages // 3)
            await asyncio.to_thread(postgresql.stop)
            for _ in range(2):  # by the first, what was committed before has been acknowledged
                await asyncio.sleep(0.5)
                stood_at.append(cluster.acknowledged)
            await asyncio.to_thread(postgresql.start)

        await cluster.run(asyncio.create_task(stop()))

    await verified(tmp_path)
    outcome = await audit(cluster)
    figures(f"two processes, PostgreSQL stopped at once and started again: {outcome}")
    check(outcome)
    assert stood_at[0] == stood_at[1] < outcome.messages


async def test_a_full_disk_under_two_processes(
    tmp_path: Path, url: str, postgresql: Server, figures: Callable[[str], None]
) -> None:
    receipts: list[tuple[int]] = []
    async with Cluster.prepared(tmp_path, url, CITIZENS, seed=2) as cluster:
        # A table larger than a file of the log, which is written in its whole length beforehand; five rows leave no
        # room in a page for a sixth, and pages of earlier tests are not to be used again.
        await cluster.rows("TRUNCATE receipt")
        await cluster.rows(
            "INSERT INTO receipt "
            f"SELECT 'x' || lpad(n::text, 6, '0'), repeat('x', 1580), n FROM generate_series(1, {FILLING}) n"
        )
        await cluster.rows("CHECKPOINT")

        async with asyncio.timeout(LIMIT_S):
            for door in cluster.doors:
                await door.until_bound()
        [(size,)] = await cluster.rows("SELECT pg_relation_size('receipt')")
        await asyncio.to_thread(postgresql.limit_files, size)

        async def make_room() -> None:
            for _ in range(2):
                await asyncio.sleep(1)
                receipts.extend(await cluster.rows("SELECT count(*) FROM receipt"))
            await asyncio.to_thread(postgresql.limit_files, None)

        await cluster.run(asyncio.create_task(make_room()))

    await verified(tmp_path)
    outcome = await audit(cluster)
    figures(f"two processes, no file of PostgreSQL may grow for 2 s: {outcome}")
    check(outcome)
    assert receipts == [(FILLING,)] * 2  # meanwhile nobody's act was taken
    assert outcome.brought > outcome.messages


async def test_one_of_two_processes_killed_at_random_moments(
    tmp_path: Path, url: str, seed: int, figures: Callable[[str], None]
) -> None:
    async with Cluster.prepared(tmp_path, url, CITIZENS, seed) as cluster:

        async def kill() -> None:
            for after in sorted(cluster.random.sample(range(cluster.messages), KILLS)):
                await cluster.until_acknowledged(after)
                await asyncio.sleep(cluster.random.uniform(0, 0.05))
                door = cluster.random.choice(cluster.doors)
                # Its successor takes over what it had sent, or comes so late that the other process does.
                door.rests_s = cluster.random.choice((0.1, LEASE_S + 1.5))
                door.kill()

        await cluster.run(asyncio.create_task(kill()))

    await verified(tmp_path)
    outcome = await audit(cluster)
    starts = [door.starts for door in cluster.doors]
    figures(f"one of two processes killed {KILLS} times, seed {seed}: {outcome}, process starts {starts}")
    check(outcome)

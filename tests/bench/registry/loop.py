"""The SMS loop with one process and with more of them on one database, beside what the database alone can commit."""

import statistics
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.bench.registry.lines import Measured, lines
from tests.bench.registry.operator import Load
from tests.bench.registry.places import Bench, Figure, Place, PostgresqlPlace, say
from tests.bench.registry.population import PER_CITIZEN

MESSAGES: Final = 10_000  # for each process
ROUNDS: Final = 3
PROCESSES: Final = (1, 2, 4)
WINDOW: Final = 50

_PGBENCH_S: Final = 3
_REFUSED: Final = "SELECT count(*) FROM consent WHERE status = 'RET' AND source = 'IYS_KISAMESAJ'"
_ACCEPTED: Final = "SELECT count(*) FROM outbox WHERE state = 'accepted' AND attempts = 1"


def measure(bench: Bench, messages: int = MESSAGES, rounds: int = ROUNDS) -> list[Figure]:
    """The rate in the middle of some rounds, each of which measures everything once: a disk is slower by the hour."""
    single = PostgresqlPlace(bench.server, "single")
    loops: dict[tuple[str, int], list[Measured]] = defaultdict(list)
    commits: dict[int, list[float]] = defaultdict(list)
    for turn in range(rounds):
        for processes in PROCESSES:
            postgresql, sqlite = bench.places(f"loop_{turn}_{processes}")
            for place in (postgresql, sqlite) if processes == 1 else (postgresql,):
                folder = bench.folder / f"{place.kind}-{turn}-{processes}"
                loops[place.kind, processes].append(_whole(place, folder, processes, messages))
        for clients in (1, WINDOW):
            commits[clients].append(single.commits(clients, _PGBENCH_S, bench.folder / "script"))
            say(f"pgbench, {clients} clients: {commits[clients][-1]:,.0f}/s")
    alone = _middle(loops["PostgreSQL", 1])
    rows = []
    for processes in PROCESSES:
        name = (
            f"SMS loop, {processes} process{'' if processes == 1 else 'es'}, messages a second (times the first);"
            " processors of lines, database, operators"
        )
        kinds = (kind for kind in ("PostgreSQL", "SQLite") if (kind, processes) in loops)
        rows.append(Figure(name, *(_shown(_middle(loops[kind, processes]), alone) for kind in kinds)))
    for clients, rates in commits.items():
        rate = statistics.median(rates)
        name = f"pgbench, {clients} client{'' if clients == 1 else 's'}, commits of one row a second"
        rows.append(Figure(name, f"{rate:,.0f} (one process of the loop / this: {alone.rate / rate:.2f})"))
    return rows


def _shown(one: Measured, alone: Measured) -> str:
    processors = f"{one.line_cpu:.2f}, {one.server_cpu:.2f}, {one.operator_cpu:.2f}"
    return f"{one.rate:,.0f} ({one.rate / alone.rate:.2f}); {processors}"


def _middle(found: Sequence[Measured]) -> Measured:
    return sorted(found, key=lambda one: one.rate)[len(found) // 2]


def _whole(place: Place, folder: Path, processes: int, messages: int) -> Measured:
    """Every message comes from another number and ends a consent that stands."""
    total = processes * messages
    place.fill(total * PER_CITIZEN)
    loads = [Load(total * PER_CITIZEN, n * messages, messages, WINDOW, 0) for n in range(processes)]
    with lines(place, folder, loads) as bound:
        bound.begin()
        measured = bound.measured()
    say(f"loop, {place.kind}, {processes} processes: {measured}")
    for sql in (_REFUSED, _ACCEPTED):
        found = place.number(sql)
        assert found == total, f"{found} of {total}: {sql}"
    return measured

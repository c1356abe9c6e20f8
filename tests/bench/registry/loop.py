"""The SMS loop with one process and with more of them on one database, beside what the database alone can commit."""

from pathlib import Path
from typing import Final

from tests.bench.registry.lines import Measured, lines
from tests.bench.registry.operator import Load
from tests.bench.registry.places import Bench, Figure, Place, PostgresqlPlace, say
from tests.bench.registry.population import PER_CITIZEN

MESSAGES: Final = 10_000  # for each process
PROCESSES: Final = (1, 2, 4)
WINDOW: Final = 50

_PGBENCH_S: Final = 5
_REFUSED: Final = "SELECT count(*) FROM consent WHERE status = 'RET' AND source = 'IYS_KISAMESAJ'"
_ACCEPTED: Final = "SELECT count(*) FROM outbox WHERE state = 'accepted' AND attempts = 1"


def measure(bench: Bench, messages: int = MESSAGES) -> list[Figure]:
    rows = []
    for processes in PROCESSES:
        postgresql, sqlite = bench.places(f"loop_{processes}")
        name = f"SMS loop, {processes} process{'' if processes == 1 else 'es'}, messages a second"
        on_sqlite = f"{_whole(sqlite, bench.folder, 1, messages).rate:,.0f}" if processes == 1 else ""
        rows.append(Figure(name, f"{_whole(postgresql, bench.folder, processes, messages).rate:,.0f}", on_sqlite))
    single = PostgresqlPlace(bench.server, "single")
    for clients in (1, WINDOW):
        rate = single.commits(clients, _PGBENCH_S, bench.folder / "script")
        say(f"pgbench, {clients} clients: {rate:,.0f}/s")
        name = f"pgbench, one row a commit, {clients} client{'' if clients == 1 else 's'}, commits a second"
        rows.append(Figure(name, f"{rate:,.0f}"))
    return rows


def _whole(place: Place, folder: Path, processes: int, messages: int) -> Measured:
    """Every message comes from another number and ends a consent that stands."""
    total = processes * messages
    place.fill(total * PER_CITIZEN)
    loads = [Load(total * PER_CITIZEN, n * messages, messages, WINDOW, 0) for n in range(processes)]
    with lines(place, folder / f"{place.kind}-{processes}", loads) as bound:
        bound.begin()
        measured = bound.measured()
    say(f"loop, {place.kind}, {processes} processes: {measured}")
    for sql in (_REFUSED, _ACCEPTED):
        found = place.number(sql)
        assert found == total, f"{found} of {total}: {sql}"
    return measured

"""How long a refusal takes while another process imports."""

from typing import Final

from tests.bench.registry import imports
from tests.bench.registry.lines import lines
from tests.bench.registry.operator import Load
from tests.bench.registry.places import Bench, Figure, Place, say
from tests.bench.registry.refusals import spread

ROWS: Final = 200_000
CONSENTS: Final = 1_000_000
RATE: Final = 20  # refusals a second


def measure(bench: Bench, rows: int = ROWS) -> list[Figure]:
    file = imports.csv_file(bench.folder / "busy.csv", rows)
    answered, told = zip(*(_busy(bench, place, rows) for place in bench.places("busy")), strict=True)
    name = f"a refusal during an import of {rows:,} rows, ms: median, p99, most"
    file.unlink()
    return [Figure(f"{name}; to its deliver_sm_resp", *answered), Figure(f"{name}; to its answer's submit_sm", *told)]


def _busy(bench: Bench, place: Place, rows: int) -> tuple[str, str]:
    place.fill(CONSENTS)
    load = Load(CONSENTS, 0, CONSENTS, 0, RATE)
    folder = bench.folder / f"{place.kind}-busy"
    with lines(place, folder, [load]) as bound:
        importing = imports.start(place, folder, bench.folder / "busy.csv")
        bound.begin()
        imports.check(importing, rows)
        bound.stop()
        measured = bound.measured()
    [outcome] = measured.outcomes
    say(f"import and refusals, {place.kind}, {measured.seconds:.0f} s: {measured}")
    texts = []
    for took_ms in (outcome.answered_ms, outcome.told_ms):
        median, p99 = spread(took_ms)
        texts.append(f"{median:.1f}, {p99:.1f}, {max(took_ms):.0f}")
    answered, told = texts
    return answered, told

"""How long one refusal takes, beside how many consents the registry holds."""

import statistics
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from tests.bench.registry.lines import lines
from tests.bench.registry.operator import Load
from tests.bench.registry.places import TABLES, Bench, Figure, Place, say

CONSENTS: Final = (10_000, 1_000_000)
RUNS: Final = 5
REFUSALS: Final = 500  # in each run
RATE: Final = 100  # a second

Spread = tuple[float, float]
"""The median and the 99th percentile, in milliseconds."""


def measure(bench: Bench, *consents: int) -> list[Figure]:
    sizes = consents or CONSENTS
    filled: dict[int, tuple[Place, ...]] = {}
    for size in sizes:
        filled[size] = bench.places(f"refusals_{size}")
        for place in filled[size]:
            place.fill(size)
            say(f"{place.kind} filled with {size:,} consents")
    octets = {size: [_octets(place, size) for place in filled[size]] for size in sizes}
    found: dict[tuple[str, int], list[Spread]] = defaultdict(list)
    for run in range(RUNS):
        for size in sizes:
            for place in filled[size]:
                load = Load(size, run * REFUSALS, REFUSALS, 0, RATE)
                with lines(place, bench.folder / f"{place.kind}-{size}", [load]) as bound:
                    bound.begin()
                    measured = bound.measured()
                [outcome] = measured.outcomes
                found[place.kind, size].append(spread(outcome.answered_ms))
                say(f"refusals, {place.kind}, {size:,} consents: {found[place.kind, size][-1]}; {measured}")
    rows = []
    for size in sizes:
        shown = [_shown(found[place.kind, size], found[place.kind, sizes[0]]) for place in filled[size]]
        rows.append(Figure(f"a refusal among {size:,} consents, ms: median, p99 (times that of the first)", *shown))
    rows += [Figure(f"octets on the disk a consent, of {size:,}", *octets[size]) for size in sizes]
    return rows


def spread(took_ms: Sequence[float]) -> Spread:
    return statistics.median(took_ms), statistics.quantiles(took_ms, n=100)[98]


def _shown(runs: Sequence[Spread], first: Sequence[Spread]) -> str:
    (median, p99), (median_first, p99_first) = _middle(runs), _middle(first)
    return f"{median:.2f}, {p99:.2f} ({median / median_first:.2f}, {p99 / p99_first:.2f})"


def _middle(runs: Sequence[Spread]) -> Spread:
    medians, p99s = zip(*runs, strict=True)
    return statistics.median(medians), statistics.median(p99s)


def _octets(place: Place, size: int) -> str:
    return f"{sum(place.octets()[table] for table in TABLES) / size:.0f}"

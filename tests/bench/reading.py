"""How long a text takes to read, and an index of brands to build, beside the number of brands.

`python -m tests.bench.reading [ROUNDS]`. The texts are the labelled ones of the reader's tests, with what is no
wish, in their mix; the labelled brands are in every directory, names that are made up fill it.
"""

import gc
import random
import statistics
import sys
import time
import tracemalloc
from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

from core.brands.brand import Brand
from core.brands.directory import Directory
from sms.reader.read import read
from tests.sms.reader.labelled import brands, refusals, silent

SIZES: Final = (100, 10_000, 100_000)
SEED: Final = 3338
ROUNDS: Final = 5

_SYLLABLES: Final = [
    "ak",
    "al",
    "an",
    "ar",
    "ay",
    "ba",
    "bal",
    "ber",
    "bey",
    "bir",
    "bor",
    "can",
    "ce",
    "çam",
    "çe",
    "çı",
    "da",
    "de",
    "demir",
    "den",
    "dil",
    "do",
    "doğ",
    "du",
    "el",
    "er",
    "ev",
    "fa",
    "fi",
    "ga",
    "ge",
    "gö",
    "gül",
    "gün",
    "ha",
    "he",
    "hi",
    "ış",
    "il",
    "in",
    "kar",
    "ka",
    "ke",
    "kır",
    "ko",
    "kü",
    "la",
    "le",
    "li",
    "lo",
    "lu",
    "ma",
    "me",
    "mir",
    "mo",
    "mu",
    "na",
    "ne",
    "ni",
    "no",
    "ok",
    "ol",
    "or",
    "öz",
    "pa",
    "pe",
    "pi",
    "ra",
    "re",
    "ri",
    "ro",
    "sa",
    "se",
    "si",
    "so",
    "su",
    "şa",
    "şe",
    "şi",
    "ta",
    "tan",
    "te",
    "ti",
    "to",
    "tu",
    "ul",
    "um",
    "ün",
    "va",
    "ve",
    "ya",
    "ye",
    "yı",
    "yol",
    "yu",
    "za",
    "ze",
    "zi",
]
_TRADES: Final = (
    "Giyim",
    "Mağazacılık",
    "Gıda",
    "Kozmetik",
    "Elektronik",
    "Mobilya",
    "Turizm",
    "Otomotiv",
    "Sigorta",
    "Eğitim",
    "Kuyumculuk",
    "Tekstil",
    "İletişim",
    "Market",
    "Yapı",
    "Lojistik",
    "Sağlık",
    "Optik",
    "Ayakkabı",
    "Kitabevi",
)


class Measured(NamedTuple):
    """`read_us`: microseconds a text, the median of the rounds; `index_mb`: of the directory with its brands."""

    brands: int
    build_s: float
    index_mb: float
    apply_us: float
    read_us: float


def main(rounds: int = ROUNDS) -> None:
    measured = [measure(size, rounds) for size in SIZES]
    print("brands    build s   index MB   one changed µs   a text µs")
    for row in measured:
        print(f"{row.brands:>7} {row.build_s:>9.2f} {row.index_mb:>10.1f} {row.apply_us:>16.0f} {row.read_us:>11.1f}")
    print(
        f"a text at {SIZES[-1]} brands takes {measured[-1].read_us / measured[0].read_us:.2f} times that at {SIZES[0]}"
    )


def measure(size: int, rounds: int) -> Measured:
    texts = [row.text for row in (*refusals(), *silent())]
    tracemalloc.start()
    known = list(islice(_brands(), size))
    directory = Directory(known)
    index_mb = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    del directory
    gc.collect()
    started = time.perf_counter()
    directory = Directory(known)
    build_s = time.perf_counter() - started
    changed = [brand._replace(name=f"{brand.name} Yeni") for brand in known[-50:]]
    started = time.perf_counter()
    for brand in changed:
        directory.apply([brand])
    apply_us = (time.perf_counter() - started) / len(changed) * 1e6
    took = []
    for _ in range(rounds):
        started = time.perf_counter()
        for text in texts:
            read(text, directory)
        took.append((time.perf_counter() - started) / len(texts) * 1e6)
    return Measured(size, build_s, index_mb, apply_us, statistics.median(took))


def _brands() -> Iterator[Brand]:
    """The labelled brands, then made-up ones: one to three words, most with a short name."""
    labelled = brands()
    yield from labelled
    rng = random.Random(SEED)
    code = 700_000
    while True:
        head = "".join(rng.choices(_SYLLABLES, k=rng.choice((2, 2, 3, 3, 4)))).capitalize()
        middle = "".join(rng.choices(_SYLLABLES, k=2)).capitalize()
        trade = rng.choice(_TRADES)
        name = rng.choice((head, f"{head} {trade}", f"{head} {middle}", f"{head} {middle} {trade}"))
        yield Brand(str(code), name, (head.upper(),) if rng.random() < 0.8 else (), str(code + 1), f"{name} A.Ş.")
        code += 1


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))

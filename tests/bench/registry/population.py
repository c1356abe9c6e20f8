"""Who stands in a registry that has grown: citizens with four permissions each, and the rows of a sender's file.

All of it follows from numbers alone, so that the databases, the operator's program and the files agree without asking.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from core.domain.clock import Instant, legal_time
from tests.bench.smsc import number

BRANDS: Final = 200
PER_CITIZEN: Final = 4

_FIRST_CODE: Final = 600_100
_APART: Final = BRANDS // PER_CITIZEN
_STEP: Final = 7_368_787  # prime: by it every citizen is met once before any is met again
_BEGAN: Final = 1_600_000_000_000
_SPAN_MS: Final = 94_608_000_000  # three years
_TAKEN_AT: Final = _BEGAN + _SPAN_MS
_FRESH: Final = 90_000_000
"""The first citizen of files: of the hundred million numbers, those of the registry lie far before."""

# The same as `consents`, made where the rows are wanted.
FILL: Final = f"""
INSERT INTO consent (recipient, brand_code, type, recipient_type, status, source, consent_at, imported_at)
SELECT '+9053' || lpad((citizen * 7919 % 100000000)::text, 8, '0'),
       ({_FIRST_CODE} + (citizen + {_APART} * {{nth}}) % {BRANDS})::text,
       'MESAJ', 'BIREYSEL', 'ONAY', 'HS_WEB', {_BEGAN} + citizen * 7919000 % {_SPAN_MS}, {_TAKEN_AT}
FROM generate_series(1, {{citizens}}::bigint) AS citizen
"""


class Refusal(NamedTuple):
    recipient: str
    text: bytes


def brand_code(index: int) -> str:
    return str(_FIRST_CODE + index % BRANDS)


def brands() -> list[tuple[object, ...]]:
    """Rows of `brand`."""
    return [(brand_code(i), f"MARKA{i}", "", "1", f"Marka {i} A.Ş.", None, None, i + 1) for i in range(BRANDS)]


def consents(count: int) -> Iterator[tuple[object, ...]]:
    """Rows of `consent` in the order in which they came: no citizen's four came together."""
    citizens = count // PER_CITIZEN
    for nth in range(PER_CITIZEN):
        for citizen in range(1, citizens + 1):
            given = _BEGAN + citizen * 7_919_000 % _SPAN_MS
            code = brand_code(citizen + _APART * nth)
            yield f"+{number(citizen)}", code, "MESAJ", "BIREYSEL", "ONAY", "HS_WEB", given, None, None, _TAKEN_AT


def refusal(index: int, count: int) -> Refusal:
    """The index-th one in a registry of `count` consents: each ends another, by citizens all over the registry."""
    nth, turn = divmod(index, count // PER_CITIZEN)
    citizen = turn * _STEP % (count // PER_CITIZEN) + 1
    code = brand_code(citizen + _APART * ((nth + citizen) % PER_CITIZEN))
    return Refusal(number(citizen), f"RET {code}".encode())


def imported(count: int) -> Iterator[tuple[object, ...]]:
    """Rows of `consent` that a sender's file brings: of one brand, calls and messages of citizens nobody knows yet."""
    for index in range(count):
        citizen, is_call = divmod(index, 2)
        at = (_BEGAN + citizen * 7_919_000 % _SPAN_MS) // 1000 * 1000
        kind = "ARAMA" if is_call else "MESAJ"
        recipient = f"+{number(_FRESH + citizen)}"
        yield recipient, brand_code(0), kind, "BIREYSEL", "ONAY", "HS_WEB", at, None, None, _TAKEN_AT


def csv_line(row: tuple[object, ...]) -> str:
    recipient, code, kind, recipient_type, status, source, at, *_ = row
    assert isinstance(at, int)
    return f"{recipient},{kind},{status},{source},{legal_time(Instant(at))},{recipient_type},{code}\n"

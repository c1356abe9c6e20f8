"""Parts of several messages in any order, with any repeats: each message is put together once, of its own parts."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Final, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from core.brands.brand import Brand
from core.conversation.requests import (
    BrandAlone,
    BrandMention,
    Door,
    Evet,
    Intent,
    NotUnderstood,
    Onay,
    Reading,
    Request,
    Ret,
    RetAll,
    RetAlone,
    Segment,
    Unreadable,
)
from core.domain.clock import Instant
from core.intake.concat import settled, take_segment
from core.store.schema import metadata
from core.store.sqlite.connection import SqliteConnection
from core.store.transaction import Transaction
from tests.container import BOYNER, MIGROS, NUMBER, execute

TABLE: Final = str(CreateTable(metadata.tables["segment"]).compile(dialect=sqlite.dialect()))


@contextmanager
def transaction() -> Iterator[Transaction]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute(TABLE)
        yield Transaction(SqliteConnection(connection, "BEGIN"))


class Part(NamedTuple):
    message: int
    number: int
    total: int
    reference: int

    @property
    def octets(self) -> bytes:
        return b"%d.%d " % (self.message, self.number)


def joined(octets: Sequence[bytes]) -> Reading:
    return Reading(b"".join(octets).decode(), NotUnderstood())


def take(tx: Transaction, part: Part, request_id: int) -> str | None:
    intent = Segment(part.reference, part.total, part.number, part.octets, joined)
    request = Request(Door.SMS, NUMBER, intent, None, b"raw", part.octets, Instant(0), "3338", "a")
    whole = take_segment(tx, request, intent, request_id)
    return None if whole is None else whole.reading.text


@st.composite
def arrivals(draw: st.DrawFn) -> list[Part]:
    """Parts of up to four messages, mixed. None comes again once its message is whole, which is what the network's
    repeats and not this module are about (`core.intake.duplicates`)."""
    messages = [
        [Part(message, number, total, reference) for number in range(1, total + 1)]
        for message, (reference, total) in enumerate(
            draw(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 6)), min_size=1, max_size=4, unique=True))
        )
    ]
    order = draw(st.permutations([part for message in messages for part in message]))
    arriving: list[Part] = []
    for at, part in enumerate(order):
        waiting = [one for one in order[:at] if any(other.message == one.message for other in order[at:])]
        arriving += draw(st.lists(st.sampled_from(waiting), max_size=2)) if waiting else []
        arriving.append(part)
    return arriving


@given(arrivals())
def test_each_message_is_put_together_once_of_its_own_parts(parts: list[Part]) -> None:
    with transaction() as tx:
        texts = [text for n, part in enumerate(parts) if (text := take(tx, part, n)) is not None]
        [left] = execute(tx, "SELECT count(*) FROM segment")

    messages = {part.message: part.total for part in parts}
    wholes = ["".join(f"{message}.{n} " for n in range(1, total + 1)) for message, total in messages.items()]
    assert sorted(texts) == sorted(wholes)
    assert left == (0,)


NOBODY = BrandMention("abcx", (), exact=False)
NEAR = BrandMention("migrso", (MIGROS,), exact=False)
UNSURE = BrandMention("GARANTİ SİGORTA", (Brand("600103", "GARANTİ"),), exact=True, sure=False)
EXACT, OTHER = BrandMention.of(MIGROS), BrandMention.of(BOYNER)


@pytest.mark.parametrize(
    ("label", "read", "settled_to"),
    [
        ("verb and exact brand", Ret((EXACT,)), Ret((EXACT,))),
        ("only what is exact", Ret((NEAR, EXACT, NOBODY, UNSURE, OTHER)), Ret((EXACT, OTHER))),
        ("nothing exact", Ret((NEAR, NOBODY)), NotUnderstood((NEAR, NOBODY))),
        ("exact and yet to be asked about", Ret((UNSURE,)), NotUnderstood((UNSURE,))),
        ("ONAY", Onay((EXACT,)), Onay((EXACT,))),
        ("a brand alone", BrandAlone(EXACT), NotUnderstood((EXACT,))),
        ("a verb alone", RetAlone(), NotUnderstood()),
        ("everything", RetAll(), NotUnderstood()),
        ("yes", Evet(), NotUnderstood()),
    ],
)
def test_half_a_message_acts_on_an_explicit_verb_with_an_exact_brand(
    label: str, read: Intent, settled_to: Intent
) -> None:
    assert settled([Reading("text", read)]) == Reading("text", settled_to), label


def test_the_first_run_that_is_explicit_counts() -> None:
    readings = [Reading("a", BrandAlone(OTHER)), Reading("b", Ret((EXACT,))), Reading("c", Ret((OTHER,)))]

    assert settled(readings) == Reading("a […] b […] c", Ret((EXACT,)))


def test_the_brands_of_all_runs_may_be_asked_about() -> None:
    readings = [Reading("a", BrandAlone(OTHER)), Reading("b", Ret((NEAR,)))]

    assert settled(readings) == Reading("a […] b", NotUnderstood((OTHER, NEAR)))


def test_runs_that_nobody_can_read_are_set_aside() -> None:
    unreadable = Reading(None, Unreadable("data_coding 0x04"))

    assert settled([unreadable, unreadable]) == unreadable

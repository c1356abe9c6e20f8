"""Texts of messages go when their time is over, and never before; what is still wanted keeps its text."""

import hashlib

import pytest

from core.conversation.requests import NotUnderstood, Piece, Reading, Unreadable
from core.ledger.evidence import evidence
from core.registry.complaints import close, complaint, texts_of
from core.registry.review import open_reviews, resolve
from core.retention.counts import Removed
from tests.core.conversation.decisions.scenes import DAY_MS, MIGROS, sikayet
from tests.core.intake.citizen import told
from tests.core.retention.sweeping import SPANS, TEXT_MS, citizen_of, count, said_and_then, sweep
from tests.counter import NUMBER, RET_MIGROS, Counter

PART = Piece(7, 2, 1, b"RET ", lambda octets: Reading("", NotUnderstood()))


@pytest.mark.parametrize(
    ("age_ms", "texts"), [pytest.param(TEXT_MS - 1, 0, id="young"), pytest.param(TEXT_MS, 1, id="old")]
)
async def test_the_text_of_an_act_goes_and_what_proves_it_stays(counter: Counter, age_ms: int, texts: int) -> None:
    await counter.allow(NUMBER)
    await said_and_then(counter, RET_MIGROS, age_ms)
    [receipt] = await counter.column("SELECT receipt FROM request")

    removed = await sweep(counter)

    assert removed == Removed(texts=texts)
    shown = await counter.database.transact(lambda transaction: evidence(transaction, receipt))
    assert shown is not None
    assert shown["raw"] == (None if texts else "RET MIGROS")
    assert len(shown["acts"]) == len(shown["answers"]) == 1
    assert await counter.column("SELECT raw_hash FROM request") == [hashlib.sha256(b"raw").digest()]


async def test_a_message_that_was_no_act_goes_with_its_text_and_its_answer(counter: Counter) -> None:
    await said_and_then(counter, NotUnderstood(), TEXT_MS)

    removed = await sweep(counter)

    assert (removed.texts, removed.messages, removed.answers) == (1, 1, 1)
    assert [await count(counter, table) for table in ("raw", "request", "outbox")] == [0, 0, 0]


async def test_what_may_still_be_sent_stays_however_short_a_text_is_kept(counter: Counter) -> None:
    await said_and_then(counter, NotUnderstood(), DAY_MS)

    removed = await sweep(counter, SPANS._replace(raw_text_ms=1))

    assert (removed.texts, removed.messages, removed.answers) == (1, 0, 0)
    assert [await count(counter, table) for table in ("request", "outbox")] == [1, 1]


async def test_a_message_in_review_keeps_its_text_until_it_is_resolved(counter: Counter) -> None:
    await said_and_then(counter, Unreadable("alphabet"), 2 * TEXT_MS)
    before = await sweep(counter)
    [one] = await counter.database.transact(open_reviews)

    now = counter.clock.now
    await counter.database.transact(lambda t: resolve(t, one.id, "tamam", told, counter.ids, now))
    after = await sweep(counter)

    assert (before.texts, after.texts) == (0, 1)


async def test_the_evidence_of_an_open_report_stays_and_loses_its_text_once_it_is_closed(counter: Counter) -> None:
    citizen = citizen_of(counter)
    asked = await citizen.say(sikayet(MIGROS), "ŞİKAYET MIGROS")
    receipt = getattr(asked, "receipt", "")
    await citizen.say(NotUnderstood(), "Migros'ta indirim!")
    counter.clock.pass_ms(2 * TEXT_MS)
    open_one = await sweep(counter)
    texts_before = await counter.database.transact(lambda transaction: texts_of(transaction, receipt))

    now = counter.clock.now
    await counter.database.transact(lambda t: close(t, receipt, "sonuç", MIGROS, told, counter.ids, now))
    closed = await sweep(counter)

    assert (open_one.texts, closed.texts, closed.messages, closed.reports) == (1, 1, 0, 0)  # first: ŞİKAYET itself
    assert [text.text for text in texts_before] == ["Migros'ta indirim!"]
    texts = await counter.database.transact(lambda transaction: texts_of(transaction, receipt))
    assert [text.text for text in texts] == [None]
    assert (await counter.database.transact(lambda transaction: complaint(transaction, receipt))).outcome == "sonuç"


async def test_a_part_that_waits_keeps_its_octets(counter: Counter) -> None:
    await said_and_then(counter, PART, 2 * TEXT_MS)

    removed = await sweep(counter)

    assert (removed.texts, removed.messages) == (0, 0)
    assert await count(counter, "piece") == 1


async def test_what_a_later_process_wrote_is_found_behind_young_rows_of_an_earlier_one(counter: Counter) -> None:
    """As when a clock was set back: each book is judged for itself."""
    await said_and_then(counter, NotUnderstood(), 0)
    await counter.rows("UPDATE request SET decided_at = decided_at + ? RETURNING id", 10 * TEXT_MS)
    counter.ids = type(counter.ids)(counter.book.number + 1)
    counter.desk._tools = counter.desk._tools._replace(ids=counter.ids)
    await said_and_then(counter, NotUnderstood(), TEXT_MS)

    removed = await sweep(counter)

    assert removed.messages == 1
    assert await count(counter, "request") == 1

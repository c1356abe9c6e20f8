"""Texts of messages go when their time is over, and never before; what is still wanted keeps its text."""

import hashlib

import pytest

from core.conversation.requests import NotUnderstood, Reading, Segment, Unreadable
from core.ledger.evidence import evidence
from core.registry.complaints import close, complaint, texts_of
from core.registry.review import open_reviews, resolve
from core.retention.counts import Removed
from tests.container import NUMBER, RET_MIGROS, Container
from tests.core.conversation.decisions.scenes import DAY_MS, MIGROS, sikayet
from tests.core.intake.citizen import told
from tests.core.retention.sweeping import SPANS, TEXT_MS, citizen_of, count, said_and_then, sweep

PART = Segment(7, 2, 1, b"RET ", lambda octets: Reading("", NotUnderstood()))


@pytest.mark.parametrize(
    ("age_ms", "texts"), [pytest.param(TEXT_MS - 1, 0, id="young"), pytest.param(TEXT_MS, 1, id="old")]
)
async def test_the_text_of_an_act_goes_and_what_proves_it_stays(container: Container, age_ms: int, texts: int) -> None:
    await container.allow(NUMBER)
    await said_and_then(container, RET_MIGROS, age_ms)
    [receipt] = await container.column("SELECT receipt FROM request")

    removed = await sweep(container)

    assert removed == Removed(texts=texts)
    shown = await container.database.transact(lambda transaction: evidence(transaction, receipt))
    assert shown is not None
    assert shown["raw"] == (None if texts else "RET MIGROS")
    assert len(shown["acts"]) == len(shown["answers"]) == 1
    assert await container.column("SELECT raw_hash FROM request") == [hashlib.sha256(b"raw").digest()]


async def test_a_message_that_was_no_act_goes_with_its_text_and_its_answer(container: Container) -> None:
    await said_and_then(container, NotUnderstood(), TEXT_MS)

    removed = await sweep(container)

    assert (removed.texts, removed.messages, removed.answers) == (1, 1, 1)
    assert [await count(container, table) for table in ("raw", "request", "outbox")] == [0, 0, 0]


async def test_what_may_still_be_sent_stays_however_short_a_text_is_kept(container: Container) -> None:
    await said_and_then(container, NotUnderstood(), DAY_MS)

    removed = await sweep(container, SPANS._replace(raw_text_ms=1))

    assert (removed.texts, removed.messages, removed.answers) == (1, 0, 0)
    assert [await count(container, table) for table in ("request", "outbox")] == [1, 1]


async def test_a_message_in_review_keeps_its_text_until_it_is_resolved(container: Container) -> None:
    await said_and_then(container, Unreadable("alphabet"), 2 * TEXT_MS)
    before = await sweep(container)
    [one] = await container.database.transact(open_reviews)

    now = container.clock.now
    await container.database.transact(lambda t: resolve(t, one.id, "tamam", told, container.ids, now))
    after = await sweep(container)

    assert (before.texts, after.texts) == (0, 1)


async def test_the_evidence_of_an_open_report_stays_and_loses_its_text_once_it_is_closed(container: Container) -> None:
    citizen = citizen_of(container)
    asked = await citizen.say(sikayet(MIGROS), "ŞİKAYET MIGROS")
    receipt = getattr(asked, "receipt", "")
    await citizen.say(NotUnderstood(), "Migros'ta indirim!")
    container.clock.pass_ms(2 * TEXT_MS)
    open_one = await sweep(container)
    texts_before = await container.database.transact(lambda transaction: texts_of(transaction, receipt))

    now = container.clock.now
    await container.database.transact(lambda t: close(t, receipt, "sonuç", MIGROS, told, container.ids, now))
    closed = await sweep(container)

    assert (open_one.texts, closed.texts, closed.messages, closed.reports) == (1, 1, 0, 0)  # first: ŞİKAYET itself
    assert [text.text for text in texts_before] == ["Migros'ta indirim!"]
    texts = await container.database.transact(lambda transaction: texts_of(transaction, receipt))
    assert [text.text for text in texts] == [None]
    assert (await container.database.transact(lambda transaction: complaint(transaction, receipt))).outcome == "sonuç"


async def test_a_part_that_waits_keeps_its_octets(container: Container) -> None:
    await said_and_then(container, PART, 2 * TEXT_MS)

    removed = await sweep(container)

    assert (removed.texts, removed.messages) == (0, 0)
    assert await count(container, "segment") == 1


async def test_what_a_later_process_wrote_is_found_behind_young_rows_of_an_earlier_one(container: Container) -> None:
    """As when a clock was set back: each book is judged for itself."""
    await said_and_then(container, NotUnderstood(), 0)
    await container.rows("UPDATE request SET decided_at = decided_at + ? RETURNING id", 10 * TEXT_MS)
    container.ids = type(container.ids)(container.book.number + 1)
    container.desk._tools = container.desk._tools._replace(ids=container.ids)
    await said_and_then(container, NotUnderstood(), TEXT_MS)

    removed = await sweep(container)

    assert removed.messages == 1
    assert await count(container, "request") == 1

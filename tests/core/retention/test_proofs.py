"""Proofs stay for three years after the consent that they prove has ended, and tell nobody anything afterwards."""

import pytest

from core.conversation.answers import OnayQuestion, ReceiptUnknown
from core.conversation.decisions.scene import Report
from core.conversation.requests import BrandMention, CloseLine, Digits, DurumOf, NotUnderstood, Onay, Unreadable
from core.ledger.evidence import evidence
from core.ledger.stored import verify_stored
from core.registry.complaints import close
from core.registry.receipt_lookup import look_up_receipt
from core.registry.review import open_reviews, resolve
from tests.container import NUMBER, RET_MIGROS, Container
from tests.core.conversation.decisions.scenes import DAY_MS, MIGROS, sikayet
from tests.core.intake.citizen import Citizen, told
from tests.core.retention.sweeping import SPANS, YEARS_3_MS, citizen_of, count, said_and_then, sweep

ONAY_MIGROS = Onay((BrandMention.of(MIGROS),))


async def allowed(citizen: Citizen) -> str:
    """The receipt of an ONAY by code."""
    asked = await citizen.say(ONAY_MIGROS)
    assert isinstance(asked, OnayQuestion)
    return getattr(await citizen.say(Digits((), asked.code)), "receipt", "")


async def is_proven(container: Container, receipt: str) -> bool:
    return await container.database.transact(lambda transaction: evidence(transaction, receipt)) is not None


@pytest.mark.parametrize("with_consent", [True, False], ids=["a refusal", "an objection"])
@pytest.mark.parametrize(
    ("age_ms", "proofs"), [pytest.param(YEARS_3_MS - 1, 0, id="young"), pytest.param(YEARS_3_MS, 1, id="old")]
)
async def test_a_refusal_is_proven_for_three_years(
    container: Container, with_consent: bool, age_ms: int, proofs: int
) -> None:
    if with_consent:
        await container.allow(NUMBER)
    await said_and_then(container, RET_MIGROS, age_ms)

    removed = await sweep(container)

    assert (removed.proofs, removed.answers) == (proofs, proofs)
    assert [await count(container, table) for table in ("request", "receipt", "outbox")] == [1 - proofs] * 3
    assert await count(container, "consent") + await count(container, "objection") == 1  # it goes on protecting


async def test_a_permission_is_proven_while_it_stands_and_three_years_after_it_ended(container: Container) -> None:
    citizen = citizen_of(container)
    receipt = await allowed(citizen)
    container.clock.pass_ms(3 * YEARS_3_MS)
    standing = await sweep(container)
    await citizen.say(RET_MIGROS)
    container.clock.pass_ms(YEARS_3_MS - 2 * DAY_MS)
    ended_lately = await sweep(container)

    container.clock.pass_ms(3 * DAY_MS)
    ended_long_ago = await sweep(container)

    assert (standing.proofs, ended_lately.proofs, ended_long_ago.proofs) == (0, 0, 2)
    assert not await is_proven(container, receipt)


async def test_a_permission_that_a_closed_line_ended_is_proven_as_long(container: Container) -> None:
    citizen = citizen_of(container)
    await allowed(citizen)
    container.clock.pass_ms(YEARS_3_MS)
    await citizen.say(CloseLine())

    removed = await sweep(container)

    assert removed.proofs == 0


async def test_nothing_is_said_under_a_receipt_whose_proof_is_gone_and_the_ledger_stays_whole(
    container: Container,
) -> None:
    await container.allow(NUMBER)
    await said_and_then(container, RET_MIGROS, YEARS_3_MS)
    [receipt] = await container.column("SELECT receipt FROM request")
    entries = await container.rows("SELECT * FROM ledger ORDER BY book, entry")

    await sweep(container)

    assert not await is_proven(container, receipt)
    assert await container.database.transact(lambda transaction: look_up_receipt(transaction, receipt)) is None
    report = await container.database.transact(lambda transaction: verify_stored(transaction, (), None))
    assert (report.ok, report.entries) == (True, len(entries) + 2)  # its text went, and then its proof
    assert (await container.rows("SELECT * FROM ledger ORDER BY book, entry"))[:-2] == entries
    assert not await container.column("SELECT salt FROM request")
    assert isinstance(await citizen_of(container).say(DurumOf(receipt)), ReceiptUnknown)


async def test_a_report_and_what_it_stands_on_stay_until_three_years_after_it_was_closed(container: Container) -> None:
    citizen = citizen_of(container)
    receipt = getattr(await citizen.say(sikayet(MIGROS), "ŞİKAYET MIGROS"), "receipt", "")
    await citizen.say(NotUnderstood(), "Migros'ta indirim!")
    container.clock.pass_ms(2 * YEARS_3_MS)
    kept = await sweep(container)
    now = container.clock.now
    await container.database.transact(lambda t: close(t, receipt, "sonuç", MIGROS, told, container.ids, now))
    container.clock.pass_ms(YEARS_3_MS - 2 * DAY_MS)
    kept_closed = await sweep(container)
    known = await container.database.transact(lambda transaction: look_up_receipt(transaction, receipt))

    container.clock.pass_ms(3 * DAY_MS)
    gone = await sweep(container)

    assert (kept.reports, kept.proofs, kept_closed.reports, kept_closed.proofs) == (0, 0, 0, 0)
    assert isinstance(known, Report)
    assert (gone.reports, gone.proofs, gone.messages) == (1, 1, 1)
    tables = ("complaint", "complaint_text", "request", "receipt", "raw", "outbox")
    assert [await count(container, table) for table in tables] == [0] * len(tables)


async def test_what_waits_for_a_person_stays(container: Container) -> None:
    await said_and_then(container, Unreadable("alphabet"), 2 * YEARS_3_MS)
    waiting = await sweep(container)
    [one] = await container.database.transact(open_reviews)

    now = container.clock.now
    await container.database.transact(lambda t: resolve(t, one.id, "tamam", told, container.ids, now))
    resolved = await sweep(container)

    assert (waiting.proofs, resolved.proofs) == (0, 1)


async def test_a_proof_takes_the_text_along_where_texts_are_kept_longer(container: Container) -> None:
    await said_and_then(container, RET_MIGROS, YEARS_3_MS)

    removed = await sweep(container, SPANS._replace(raw_text_ms=3 * YEARS_3_MS))

    assert (removed.texts, removed.proofs) == (1, 1)
    assert await count(container, "raw") == 0

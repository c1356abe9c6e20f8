"""Notices as they are noted: one for each citizen and brand, of what kind, and when it may leave."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.conversation.consent_state import ConsentState
from core.domain.clock import ISTANBUL, MINUTE_MS, Instant, from_datetime
from core.domain.consent import ConsentType, Objection, Record, Source
from core.outbox.outbox import OutboxClass
from core.registry.notices import Entered, Kind, Notice, NoticeWriter, OpenHours, kind_of, notice_of, row_of
from tests.container import Container
from tests.core.conversation.decisions.scenes import (
    ARAMA,
    AT,
    BOYNER,
    EPOSTA,
    MESAJ,
    MIGROS,
    NUMBER,
    RET,
    TEKNOSA,
    objection,
    record,
)

OTHER: Final = "+905320000002"
HOURS: Final = OpenHours(9 * 60, 21 * 60)
GIVEN: Final = Entered(NUMBER.reveal(), MIGROS.code, MESAJ, "given", AT)


def moment(text: str) -> Instant:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=ISTANBUL))


@pytest.mark.parametrize(
    ("now", "due"),
    [
        pytest.param("2026-11-23 00:00:00", "2026-11-23 09:00", id="midnight: at opening"),
        pytest.param("2026-11-23 02:59:59", "2026-11-23 09:00", id="still yesterday in UTC"),
        pytest.param("2026-11-23 08:59:59.999", "2026-11-23 09:00", id="just before: at opening"),
        pytest.param("2026-11-23 09:00:00", "2026-11-23 09:00", id="opening: now"),
        pytest.param("2026-11-23 09:00:30", "2026-11-23 09:00:30", id="first minute: now"),
        pytest.param("2026-11-23 14:05:00", "2026-11-23 14:05", id="within: now"),
        pytest.param("2026-11-23 20:59:59", "2026-11-23 20:59:59", id="last minute: now"),
        pytest.param("2026-11-23 21:00:00", "2026-11-23 21:00", id="closing: at once"),
        pytest.param("2026-11-23 23:59:59.999", "2026-11-23 23:59:59.999", id="end of the day: at once"),
    ],
)
def test_a_notice_leaves_within_the_hours_and_at_once_when_they_are_over(now: str, due: str) -> None:
    assert HOURS.due(moment(now)) == moment(due)


@given(st.integers(1_700_000_000_000, 1_900_000_000_000), st.integers(0, 1439))
def test_a_notice_is_due_the_day_it_enters(now: int, start: int) -> None:
    due = OpenHours(start, 1440).due(Instant(now))

    assert due >= now
    assert datetime.fromtimestamp(due / 1000, ISTANBUL).date() == datetime.fromtimestamp(now / 1000, ISTANBUL).date()


async def note(container: Container, *entered: Entered, book: int | None = None) -> None:
    writer = NoticeWriter(container.ids, book or container.book.number, HOURS)
    await container.writer.errand(lambda transaction: writer.note(transaction, entered, container.clock()))


async def noted(container: Container) -> list[Notice]:
    return [notice_of(row) for row in await container.rows("SELECT * FROM notice ORDER BY id")]


async def test_a_notice_waits_with_all_that_it_has_to_tell(container: Container) -> None:
    await note(container, GIVEN)

    [notice] = await noted(container)

    now = container.clock.now
    told = (NUMBER.reveal(), MIGROS.code, "given", (MESAJ,), AT, now, now, container.book.number)
    assert notice[1:] == (*told, "waiting", OutboxClass.NOTICE)


async def test_nothing_entered_notes_nothing(container: Container) -> None:
    await note(container)

    assert await noted(container) == []


@pytest.mark.parametrize("together", [True, False], ids=["in one slice", "in slices of their own"])
@pytest.mark.parametrize(
    ("entered", "expected"),
    [
        pytest.param([GIVEN, GIVEN], [("given", (MESAJ,))], id="the same twice"),
        pytest.param([GIVEN, GIVEN._replace(type=ARAMA)], [("given", (ARAMA, MESAJ))], id="two types"),
        pytest.param(
            [GIVEN, GIVEN._replace(type=ARAMA, kind="again")], [("again", (ARAMA, MESAJ))], id="one refused before"
        ),
        pytest.param(
            [GIVEN._replace(kind="again"), GIVEN._replace(type=ARAMA)],
            [("again", (ARAMA, MESAJ))],
            id="the first of them",
        ),
        pytest.param(
            [GIVEN, GIVEN._replace(type=ARAMA, kind="ended")],
            [("given", (MESAJ,)), ("ended", (ARAMA,))],
            id="what ended stands apart",
        ),
        pytest.param(
            [GIVEN._replace(kind="ended"), GIVEN._replace(type=ARAMA, kind="ended")],
            [("ended", (ARAMA, MESAJ))],
            id="two ended",
        ),
        pytest.param(
            [GIVEN, GIVEN._replace(brand_code=BOYNER.code)], [("given", (MESAJ,)), ("given", (MESAJ,))], id="two brands"
        ),
        pytest.param(
            [GIVEN, GIVEN._replace(recipient=OTHER)], [("given", (MESAJ,)), ("given", (MESAJ,))], id="two citizens"
        ),
    ],
)
async def test_one_notice_for_a_citizen_and_brand(
    container: Container,
    entered: Sequence[Entered],
    expected: list[tuple[Kind, tuple[ConsentType, ...]]],
    together: bool,
) -> None:
    for part in [entered] if together else [[one] for one in entered]:
        await note(container, *part)

    assert [(notice.kind, notice.types) for notice in await noted(container)] == expected


async def test_a_merged_notice_is_of_the_newest_consent_and_the_last_import_and_due_as_before(
    container: Container,
) -> None:
    entered_at = container.clock.now
    await note(container, GIVEN, book=7)
    container.clock.pass_ms(MINUTE_MS)
    await note(container, GIVEN._replace(type=ARAMA, at=Instant(AT - 1000)), book=8)

    [notice] = await noted(container)

    assert (notice.consent_at, notice.entered_at, notice.due_at, notice.book) == (
        *(AT, entered_at + MINUTE_MS, entered_at, 8),
    )


@pytest.mark.parametrize("state", ["queued", "dropped"])
async def test_a_notice_that_no_longer_waits_is_left_as_it_is(container: Container, state: str) -> None:
    await note(container, GIVEN)
    await container.rows("UPDATE notice SET state = ?", state)

    await note(container, GIVEN._replace(type=ARAMA))

    assert [(notice.state, notice.types) for notice in await noted(container)] == [
        (state, (MESAJ,)),
        ("waiting", (ARAMA,)),
    ]


@given(
    st.builds(
        Notice,
        st.integers(1, 2**62),
        st.sampled_from([NUMBER.reveal(), "ali@ornek.example"]),
        st.sampled_from([MIGROS.code, TEKNOSA.code]),
        st.sampled_from(["given", "again", "ended"]),
        st.sampled_from([(MESAJ,), (ARAMA,), (ARAMA, MESAJ), (EPOSTA,)]),
        *[st.integers(0, 2**62).map(Instant)] * 3,
        st.integers(1, 1000),
        st.sampled_from(["waiting", "queued", "dropped"]),
    )
)
def test_a_notice_is_read_as_it_was_stored(notice: Notice) -> None:
    assert notice_of(row_of(notice)) == notice


BEFORE: Final = record(MIGROS).consent_at
RENEWED: Final = record(MIGROS, days_ago=1)._replace(refused_at=BEFORE)
CLOSED_LINE: Final = record(MIGROS, status=RET)._replace(source=Source.IYS_AHS_HAT_KAPATMA, refused_at=None)


@pytest.mark.parametrize(
    ("rows", "subscribed_at", "expected"),
    [
        pytest.param([], None, "given", id="nothing before"),
        pytest.param([record(MIGROS)], None, "given", id="renewed"),
        pytest.param([record(MIGROS, status=RET)], None, "again", id="refused"),
        pytest.param(
            [record(MIGROS, status=RET)._replace(refused_at=None)], None, "again", id="refused at the sender's"
        ),
        pytest.param([RENEWED], None, "again", id="refused, allowed since, renewed"),
        pytest.param([objection(MIGROS)], None, "again", id="objected"),
        pytest.param([record(MIGROS, ARAMA, RET)], None, "given", id="another type refused"),
        pytest.param([objection(MIGROS, ARAMA)], None, "given", id="another type objected to"),
        pytest.param([CLOSED_LINE], BEFORE, "given", id="ended with somebody else's line"),
        pytest.param([record(MIGROS, status=RET)], BEFORE, "given", id="refused by somebody else"),
        pytest.param([RENEWED], BEFORE, "given", id="renewed, refused by somebody else"),
        pytest.param([record(MIGROS, status=RET, days_ago=29)], BEFORE, "again", id="refused on the present line"),
        pytest.param(
            [CLOSED_LINE._replace(refused_at=Instant(BEFORE + 1000))],
            BEFORE,
            "again",
            id="refused again on the present line",
        ),
    ],
)
def test_a_permission_after_a_refusal_says_so(
    rows: Sequence[Record | Objection], subscribed_at: Instant | None, expected: Kind
) -> None:
    records = [row for row in rows if isinstance(row, Record)]
    objections = [row for row in rows if isinstance(row, Objection)]

    assert kind_of(ConsentState.of(records, objections), MESAJ, subscribed_at) == expected

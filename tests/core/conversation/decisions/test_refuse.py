"""RET of a brand in every state that a record can be in: what changes, and what the citizen is told."""

from datetime import date
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.brands.brand import Brand
from core.conversation.answers import Answer, BrandUnknown, EpostaElsewhere, NotUnderstoodAnswer, RetAnswer, SetAside
from core.conversation.consent_state import Change, ConsentState
from core.conversation.conversation import NEW
from core.conversation.decisions.decide import decide
from core.conversation.decisions.scene import Decision, Scene
from core.conversation.requests import BrandMention, Door, Intent, NotUnderstood, Request, Ret, Unreadable
from core.domain.calendar import Calendar
from core.domain.clock import Instant, to_second
from core.domain.consent import PHONE_TYPES, ConsentType, Objection, RecipientType, Record, Source, Status
from core.domain.recipients import Msisdn
from core.domain.rules import Rules

ARAMA, MESAJ, EPOSTA = ConsentType.ARAMA, ConsentType.MESAJ, ConsentType.EPOSTA
BIREYSEL, TACIR = RecipientType.BIREYSEL, RecipientType.TACIR
ONAY, RET = Status.ONAY, Status.RET

NUMBER = Msisdn.parse("+905321234567")
MIGROS = Brand("600100", "MIGROS")
RECEIPT, EARLIER = "K7M4Q2XS", "A0000003"
NOW = Instant(1_795_431_900_123)  # Monday, 2026-11-23 14:05:00.123 in Istanbul
AT = to_second(NOW)
LAST_DAY = date(2026, 11, 26)
CALENDAR = Calendar()


def later(seconds: int) -> Instant:
    return Instant(AT + 1000 * seconds)


def record(
    kind: ConsentType = MESAJ,
    status: Status = ONAY,
    seconds: int = -1000,
    of: RecipientType = BIREYSEL,
    source: Source = Source.HS_WEB,
    refused_at: Instant | None = None,
) -> Record:
    return Record(NUMBER.reveal(), MIGROS.code, kind, of, status, source, later(seconds), refused_at, None)


def ended(before: Record, at: Instant = AT, source: Source = Source.IYS_KISAMESAJ) -> Record:
    return before._replace(status=RET, source=source, consent_at=at, refused_at=at, receipt=RECEIPT)


def objection(kind: ConsentType = MESAJ, at: Instant = AT, receipt: str = RECEIPT) -> Objection:
    return Objection(NUMBER.reveal(), MIGROS.code, kind, Source.IYS_KISAMESAJ, at, receipt)


def answer(
    *,
    ended: tuple[ConsentType, ...] = (),
    already: tuple[ConsentType, ...] = (),
    since: Instant | None = None,
    kept: tuple[ConsentType, ...] = (),
    newer: tuple[ConsentType, ...] = (),
    newer_at: Instant | None = None,
    allowed: tuple[ConsentType, ...] = (),
) -> RetAnswer:
    return RetAnswer(MIGROS, RECEIPT, LAST_DAY, ended, already, since, kept, newer, newer_at, allowed)


def decided(
    standing: ConsentState,
    intent: Intent,
    door: Door = Door.SMS,
    received_at: Instant = NOW,
    sent_at: Instant | None = None,
) -> Decision:
    request = Request(door, NUMBER, intent, "text", b"raw", b"key", received_at, sent_at=sent_at)
    brands = {MIGROS.code: MIGROS}
    held, now = {MIGROS.code: standing}, Instant(received_at + 5)
    return decide(Scene(request, intent, "text", NEW, held, brands.get, now, RECEIPT, "", CALENDAR, Rules()))


def ret_migros(*types: ConsentType) -> Ret:
    return Ret((BrandMention.of(MIGROS),), types)


class Case(NamedTuple):
    label: str
    stands: list[Record | Objection]
    changes: list[Change]
    told: RetAnswer
    types: tuple[ConsentType, ...] = (MESAJ,)


def same(row: Record | Objection) -> Change:
    return Change(row, row)


onay, onay_arama = record(), record(ARAMA)
onay_tacir = record(of=TACIR)
ret = record(status=RET, seconds=-500)
ret_tacir = record(status=RET, seconds=-300, of=TACIR)
newer, newer_arama = record(seconds=1), record(ARAMA, seconds=7)
newer_tacir = record(seconds=5, of=TACIR)
same_second = record(seconds=0)
within_second = record()._replace(consent_at=Instant(AT + 999))
own_later = record(seconds=60, source=Source.IYS_KISAMESAJ)
ret_later = record(status=RET, seconds=60)
own_ret_later = record(status=RET, seconds=60, source=Source.IYS_CM, refused_at=later(60))
ret_wished = record(status=RET, seconds=-500, refused_at=later(-100))
old_objection, late_objection = objection(at=later(-100), receipt=EARLIER), objection(at=later(60), receipt=EARLIER)

CASES = [
    Case("ONAY", [onay], [Change(onay, ended(onay))], answer(ended=(MESAJ,))),
    Case(
        "RET already (H174)",
        [ret],
        [Change(ret, ret._replace(refused_at=AT))],
        answer(already=(MESAJ,), since=later(-500)),
    ),
    Case(
        "RET already, wished before: the newest wish counts",
        [ret_wished],
        [Change(ret_wished, ret_wished._replace(refused_at=AT))],
        answer(already=(MESAJ,), since=later(-500)),
    ),
    Case(
        "RET already, dated later than the wish",
        [ret_later],
        [Change(ret_later, ret_later._replace(refused_at=later(60)))],
        answer(already=(MESAJ,), since=later(60)),
    ),
    Case("no record (H175)", [], [Change(None, objection())], answer(kept=(MESAJ,))),
    Case(
        "objection already: the newest wish counts",
        [old_objection],
        [Change(old_objection, objection())],
        answer(kept=(MESAJ,)),
    ),
    Case(
        "objection of the same second",
        [objection(receipt=EARLIER)],
        [same(objection(receipt=EARLIER))],
        answer(kept=(MESAJ,)),
    ),
    Case(
        "objection dated later, by a clock that stepped back",
        [late_objection],
        [same(late_objection)],
        answer(kept=(MESAJ,)),
    ),
    Case("newer ONAY (H178)", [newer], [same(newer)], answer(newer=(MESAJ,), newer_at=later(1))),
    Case(
        "ONAY of the same second: RET wins",
        [same_second],
        [Change(same_second, ended(same_second))],
        answer(ended=(MESAJ,)),
    ),
    Case(
        "ONAY within the same second: RET wins",
        [within_second],
        [Change(within_second, ended(within_second))],
        answer(ended=(MESAJ,)),
    ),
    Case(
        "the citizen's own ONAY is never newer: it is ended at its own date",
        [own_later],
        [Change(own_later, ended(own_later, later(60)))],
        answer(ended=(MESAJ,)),
    ),
    Case(
        "the citizen's own RET, dated later",
        [own_ret_later],
        [same(own_ret_later)],
        answer(already=(MESAJ,), since=later(60)),
    ),
    Case(
        "BİREYSEL and TACİR, both ONAY",
        [onay, onay_tacir],
        [Change(onay, ended(onay)), Change(onay_tacir, ended(onay_tacir))],
        answer(ended=(MESAJ,)),
    ),
    Case("TACİR only", [onay_tacir], [Change(onay_tacir, ended(onay_tacir))], answer(ended=(MESAJ,))),
    Case(
        "TACİR RET only: the answer is that of any other",
        [ret_tacir],
        [Change(ret_tacir, ret_tacir._replace(refused_at=AT))],
        answer(already=(MESAJ,), since=later(-300)),
    ),
    Case(
        "BİREYSEL RET, TACİR ONAY",
        [ret, onay_tacir],
        [Change(ret, ret._replace(refused_at=AT)), Change(onay_tacir, ended(onay_tacir))],
        answer(ended=(MESAJ,)),
    ),
    Case(
        "both RET: since the later of the two",
        [ret, ret_tacir],
        [Change(ret, ret._replace(refused_at=AT)), Change(ret_tacir, ret_tacir._replace(refused_at=AT))],
        answer(already=(MESAJ,), since=later(-300)),
    ),
    Case(
        "BİREYSEL ONAY, TACİR newer: one ended, the other named",
        [onay, newer_tacir],
        [Change(onay, ended(onay)), same(newer_tacir)],
        answer(ended=(MESAJ,), newer=(MESAJ,), newer_at=later(5)),
    ),
    Case(
        "BİREYSEL RET, TACİR newer",
        [ret, newer_tacir],
        [Change(ret, ret._replace(refused_at=AT)), same(newer_tacir)],
        answer(newer=(MESAJ,), newer_at=later(5)),
    ),
    Case(
        "MESAJ leaves ARAMA, and says so",
        [onay, onay_arama],
        [Change(onay, ended(onay))],
        answer(ended=(MESAJ,), allowed=(ARAMA,)),
    ),
    Case(
        "ARAMA leaves MESAJ, and says so",
        [onay, onay_arama],
        [Change(onay_arama, ended(onay_arama))],
        answer(ended=(ARAMA,), allowed=(MESAJ,)),
        (ARAMA,),
    ),
    Case(
        "both types",
        [onay, onay_arama],
        [Change(onay_arama, ended(onay_arama)), Change(onay, ended(onay))],
        answer(ended=(ARAMA, MESAJ)),
        (MESAJ, ARAMA),
    ),
    Case(
        "both types, one RET",
        [ret, onay_arama],
        [Change(onay_arama, ended(onay_arama)), Change(ret, ret._replace(refused_at=AT))],
        answer(ended=(ARAMA,), already=(MESAJ,), since=later(-500)),
        (ARAMA, MESAJ),
    ),
    Case(
        "both types, one without record",
        [onay],
        [Change(None, objection(ARAMA)), Change(onay, ended(onay))],
        answer(ended=(MESAJ,), kept=(ARAMA,)),
        (ARAMA, MESAJ),
    ),
    Case(
        "both types, one newer",
        [onay, newer_arama],
        [same(newer_arama), Change(onay, ended(onay))],
        answer(ended=(MESAJ,), newer=(ARAMA,), newer_at=later(7)),
        (ARAMA, MESAJ),
    ),
    Case(
        "both types newer: the newest is named",
        [newer, newer_arama],
        [same(newer_arama), same(newer)],
        answer(newer=(ARAMA, MESAJ), newer_at=later(7)),
        (ARAMA, MESAJ),
    ),
    Case(
        "EPOSTA beside MESAJ is left out",
        [onay, record(EPOSTA)],
        [Change(onay, ended(onay))],
        answer(ended=(MESAJ,)),
        (MESAJ, EPOSTA),
    ),
    Case(
        "a RET of the other type is not called allowed",
        [onay, record(ARAMA, RET)],
        [Change(onay, ended(onay))],
        answer(ended=(MESAJ,)),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.label for case in CASES])
def test_a_refusal_of_one_brand(case: Case) -> None:
    standing = ConsentState.of(
        [row for row in case.stands if isinstance(row, Record)],
        [row for row in case.stands if isinstance(row, Objection)],
    )

    decision = decided(standing, ret_migros(*case.types))

    assert list(decision.changes) == case.changes
    assert decision.answer == case.told


@pytest.mark.parametrize(
    ("label", "stands", "seconds_ago", "dated"),
    [
        ("a sender's consent from before it was written", record(seconds=-60), 30, -30),
        ("a sender's consent from after it was written", record(seconds=-10), 30, None),
        ("the citizen's own consent from before", own_later._replace(consent_at=later(-60)), 30, -30),
        ("the citizen's own consent from after: a delayed RET does not undo it", own_later, 30, None),
        ("the citizen's own consent of the same second", own_later._replace(consent_at=later(-30)), 30, -30),
    ],
)
def test_a_refusal_with_a_network_time_is_dated_by_it(
    label: str, stands: Record, seconds_ago: int, dated: int | None
) -> None:
    decision = decided(ConsentState.of([stands]), ret_migros(), sent_at=Instant(NOW - seconds_ago * 1000))

    assert isinstance(decision.answer, RetAnswer)
    assert decision.answer.last_lawful_day == LAST_DAY, label
    if dated is None:
        assert decision.answer.newer == (MESAJ,), label
        assert list(decision.changes) == [same(stands)]
    else:
        assert decision.answer.ended == (MESAJ,), label
        assert [change.after for change in decision.changes] == [ended(stands, later(dated))]


def test_an_objection_with_a_network_time_is_dated_by_it() -> None:
    [change] = decided(ConsentState.of(), ret_migros(), sent_at=Instant(NOW - 30_000)).changes

    assert isinstance(change.after, Objection)
    assert change.after.at == later(-30)


def test_a_refusal_of_email_alone_changes_nothing() -> None:
    decision = decided(ConsentState.of([onay, record(EPOSTA)]), ret_migros(EPOSTA))

    assert decision == Decision(EpostaElsewhere(MIGROS, Instant(NOW + 5)), NEW)


@pytest.mark.parametrize(
    ("door", "source"), [(Door.SMS, Source.IYS_KISAMESAJ), (Door.IVR, Source.IYS_CM), (Door.LINK, Source.IYS_WEB)]
)
def test_an_act_carries_the_source_of_its_door(door: Door, source: Source) -> None:
    of_record = decided(ConsentState.of([onay]), ret_migros(MESAJ), door)
    of_objection = decided(ConsentState.of(), ret_migros(MESAJ), door)

    assert [change.row.source for change in of_record.changes + of_objection.changes] == [source, source]


@pytest.mark.parametrize(
    ("label", "intent", "told"),
    [
        ("unknown brand", Ret((BrandMention("Abcx", (), exact=False),)), BrandUnknown("Abcx", Instant(NOW + 5))),
        ("not understood", NotUnderstood(), NotUnderstoodAnswer(Instant(NOW + 5))),
        ("unreadable", Unreadable("data_coding 0x04"), SetAside(RECEIPT)),
    ],
)
def test_what_names_no_brand_changes_nothing(label: str, intent: Intent, told: Answer) -> None:
    assert decided(ConsentState.of([onay]), intent) == Decision(told, NEW), label


def test_a_repeated_refusal_is_a_success_with_the_first_ones_date() -> None:
    first = decided(ConsentState.of([onay]), ret_migros(MESAJ))
    [change] = first.changes
    assert isinstance(change.after, Record)

    again = decided(ConsentState.of([change.after]), ret_migros(MESAJ), received_at=Instant(NOW + 60_000))

    assert again.answer == answer(already=(MESAJ,), since=AT)


def test_a_consent_between_two_objections_does_not_stand_against_the_newer_wish() -> None:
    first = decided(ConsentState.of(), ret_migros(MESAJ)).changes[0].after
    assert isinstance(first, Objection)

    [change] = decided(ConsentState.of([], [first]), ret_migros(MESAJ), received_at=Instant(NOW + 60_000)).changes

    assert isinstance(change.after, Objection)
    assert change.after.at == AT + 60_000


dates = st.integers(-5000, 5000).map(lambda offset: Instant(NOW + offset))
records = st.builds(
    Record,
    st.just(NUMBER.reveal()),
    st.just(MIGROS.code),
    st.sampled_from(ConsentType),
    st.sampled_from(RecipientType),
    st.sampled_from(Status),
    st.sampled_from(Source),
    dates,
    st.none() | dates,
    st.none(),
)
objections = st.builds(objection, st.sampled_from(PHONE_TYPES), dates, st.just(EARLIER))
standings = st.builds(ConsentState.of, st.lists(records, max_size=8), st.lists(objections, max_size=2))
intents = st.builds(
    Ret, st.just((BrandMention.of(MIGROS),)), st.lists(st.sampled_from(ConsentType), min_size=1, unique=True).map(tuple)
)


def after(standing: ConsentState, decision: Decision) -> ConsentState:
    changed = ConsentState(dict(standing.records), dict(standing.objections))
    for change in decision.changes:
        if isinstance(change.after, Record):
            changed.records[change.after.type, change.after.recipient_type] = change.after
        elif change.after is not None:
            changed.objections[change.after.type] = change.after
    return changed


@given(standings, intents)
def test_after_a_refusal_nothing_stands_but_a_senders_newer_consent(standing: ConsentState, intent: Ret) -> None:
    now = after(standing, decided(standing, intent))

    for kind in set(intent.types) - {EPOSTA}:
        for left in now.of_type(kind):
            assert left.status is RET or (to_second(left.consent_at) > AT and not left.source.is_citizens)


@given(standings, intents)
def test_what_was_not_named_is_left_as_it_was(standing: ConsentState, intent: Ret) -> None:
    decision = decided(standing, intent)

    assert {change.row.type for change in decision.changes} <= set(intent.types) - {EPOSTA}
    for change in decision.changes:
        if isinstance(change.before, Record):
            assert change.before == standing.records[change.before.type, change.before.recipient_type]
        elif change.before is not None:
            assert change.before == standing.objections[change.before.type]


@given(standings, intents)
def test_an_answer_claims_what_changed_and_no_more(standing: ConsentState, intent: Ret) -> None:
    decision = decided(standing, intent)

    told = decision.answer
    if isinstance(told, EpostaElsewhere):
        assert not decision.changes
        return
    assert isinstance(told, RetAnswer)
    now = after(standing, decision)
    ended = {c.row.type for c in decision.changes if isinstance(c.before, Record) and status_of(c) == (ONAY, RET)}
    assert set(told.ended) == ended
    assert all(standing.of_type(kind) and not standing.is_allowed(kind) for kind in told.already)
    assert all(kind in now.objections and not now.of_type(kind) for kind in told.kept)
    assert all(now.is_allowed(kind) for kind in (*told.newer, *told.allowed))
    assert set(told.allowed).isdisjoint(intent.types)
    assert {*told.ended, *told.already, *told.kept, *told.newer} == set(intent.types) - {EPOSTA}


@given(standings, intents)
def test_a_refusal_never_moves_a_date_back(standing: ConsentState, intent: Ret) -> None:
    for before, changed in decided(standing, intent).changes:
        if isinstance(before, Objection) and isinstance(changed, Objection):
            assert changed.at >= before.at
        if isinstance(before, Record) and isinstance(changed, Record):
            assert changed.consent_at >= to_second(before.consent_at)
            assert (changed.refused_at or 0) >= (before.refused_at or 0) or status_of(Change(before, changed)) == (
                ONAY,
                RET,
            )


def status_of(change: Change) -> tuple[Status, Status]:
    assert isinstance(change.before, Record)
    assert isinstance(change.after, Record)
    return change.before.status, change.after.status

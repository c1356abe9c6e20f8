"""What a row of a consents file says, and what becomes of it."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.brands.brand import Brand
from core.conversation.consent_state import Change, ConsentState
from core.domain.clock import Instant, parse_legal_time
from core.domain.consent import ConsentType, Objection, RecipientType, Record, Source, Status
from core.registry.import_row import ImportKey, ImportRow, Rejected, judge, read_import_row

NOW = parse_legal_time("2026-06-01 12:00:00")
CODE = "600100"
BRAND = Brand(CODE, "MIGROS")
CLOSED = BRAND._replace(closed=True)
MOBILE = "+905320000001"


def day(number: int) -> Instant:
    return parse_legal_time(f"2026-03-{number:02} 10:00:00")


GOOD = {
    "recipient": MOBILE,
    "type": "MESAJ",
    "status": "ONAY",
    "source": "HS_WEB",
    "consentDate": "2026-03-10 10:00:00",
    "recipientType": "BIREYSEL",
    "brandCode": CODE,
}


def read(**changes: str) -> ImportRow | Rejected:
    return read_import_row(tuple((GOOD | changes).values()), NOW)


def test_a_good_row_is_read_as_it_stands() -> None:
    assert read() == ImportRow(
        MOBILE, CODE, ConsentType.MESAJ, RecipientType.BIREYSEL, Status.ONAY, Source.HS_WEB, day(10)
    )


class Readable(NamedTuple):
    label: str
    changes: dict[str, str]
    field: str
    value: object


READABLE = [
    Readable("no recipientType", {"recipientType": ""}, "recipient_type", RecipientType.BIREYSEL),
    Readable("merchant", {"recipientType": "TACIR"}, "recipient_type", RecipientType.TACIR),
    Readable("fixed line for calls", {"type": "ARAMA", "recipient": "+902120000001"}, "recipient", "+902120000001"),
    Readable("e-mail", {"type": "EPOSTA", "recipient": "Ali@Ornek.com"}, "recipient", "ali@ornek.com"),
    Readable("this very second", {"consentDate": "2026-06-01 12:00:00"}, "at", NOW),
    Readable("long ago", {"consentDate": "1999-01-01 00:00:00"}, "at", parse_legal_time("1999-01-01 00:00:00")),
    Readable("citizen's source", {"status": "RET", "source": "IYS_CM"}, "source", Source.IYS_CM),
    Readable("HS_KARAR with RET", {"status": "RET", "source": "HS_KARAR"}, "source", Source.HS_KARAR),
    Readable(
        "HS_2015 at its date",
        {"source": "HS_2015", "consentDate": "2015-05-01 00:00:00"},
        "at",
        parse_legal_time("2015-05-01 00:00:00"),
    ),
]


@pytest.mark.parametrize("case", READABLE, ids=[c.label for c in READABLE])
def test_a_row_that_keeps_the_rules_is_read(case: Readable) -> None:
    act = read(**case.changes)

    assert isinstance(act, ImportRow), act
    assert getattr(act, case.field) == case.value


class Bad(NamedTuple):
    label: str
    changes: dict[str, str]
    reason: str


BAD = [
    Bad("no type", {"type": ""}, "H117"),
    Bad("type in small letters", {"type": "mesaj"}, "H117"),
    Bad("no status", {"status": ""}, "H115"),
    Bad("status of no meaning", {"status": "RED"}, "H115"),
    Bad("source that is none", {"source": "IYS_SMS"}, "H119"),
    Bad("recipientType that is none", {"recipientType": "KURUM"}, "H116"),
    Bad("no recipient", {"recipient": ""}, "H114"),
    Bad("number without +90", {"recipient": "05320000001"}, "H121"),
    Bad("number too short", {"recipient": "+90532000000"}, "H121"),
    Bad("number too long", {"recipient": "+9053200000012"}, "H121"),
    Bad("number in Arabic digits", {"recipient": "+90532000000١"}, "H121"),
    Bad("number with a line end", {"recipient": "+905320000001\n"}, "H121"),
    Bad("foreign number", {"recipient": "+4917012345678"}, "H121"),
    Bad("message to a fixed line", {"recipient": "+902120000001"}, "H121"),
    Bad("message to an e-mail address", {"recipient": "a@ornek.com"}, "H121"),
    Bad("e-mail to a number", {"type": "EPOSTA"}, "H120"),
    Bad("e-mail without a point", {"type": "EPOSTA", "recipient": "ali@ornek"}, "H120"),
    Bad("no date", {"consentDate": ""}, "H158"),
    Bad("date without time", {"consentDate": "2026-03-10"}, "H158"),
    Bad("date with TACIR", {"consentDate": "2026-03-10T10:00:00"}, "H158"),
    Bad("date without zeros", {"consentDate": "2026-3-10 10:00:00"}, "H158"),
    Bad("date with a fraction", {"consentDate": "2026-03-10 10:00:00.5"}, "H158"),
    Bad("31 February", {"consentDate": "2026-02-31 10:00:00"}, "H157"),
    Bad("25 o'clock", {"consentDate": "2026-02-11 25:00:00"}, "H157"),
    Bad("year 0", {"consentDate": "0000-02-11 10:00:00"}, "H157"),
    Bad("the next second", {"consentDate": "2026-06-01 12:00:01"}, "H162"),
    Bad("HS_2015 at another date", {"source": "HS_2015"}, "H155"),
    Bad("HS_KARAR with ONAY", {"source": "HS_KARAR"}, "H408"),
]


@pytest.mark.parametrize("case", BAD, ids=[c.label for c in BAD])
def test_a_row_that_breaks_a_rule_is_rejected_by_its_code_without_its_number(case: Bad) -> None:
    found = read(**case.changes)

    assert isinstance(found, Rejected)
    assert f"[{case.reason}]" in found.reason
    assert "532" not in found.reason
    assert "ornek" not in found.reason


def act(
    status: Status, at: int, source: Source = Source.HS_WEB, to: RecipientType = RecipientType.BIREYSEL
) -> ImportRow:
    return ImportRow(MOBILE, CODE, ConsentType.MESAJ, to, status, source, day(at))


def onay(at: int, to: RecipientType = RecipientType.BIREYSEL) -> ImportRow:
    return act(Status.ONAY, at, to=to)


def ret(at: int, source: Source = Source.HS_WEB) -> ImportRow:
    return act(Status.RET, at, source)


def record(
    status: Status,
    at: int,
    source: Source = Source.HS_WEB,
    refused: int | None = None,
    to: RecipientType = RecipientType.BIREYSEL,
    receipt: str | None = None,
) -> Record:
    refused_at = day(refused) if refused else None
    return Record(MOBILE, CODE, ConsentType.MESAJ, to, status, source, day(at), refused_at, receipt)


def objection(at: int) -> Objection:
    return Objection(MOBILE, CODE, ConsentType.MESAJ, Source.IYS_KISAMESAJ, day(at), "K7M4Q2XS")


RET, ONAY, TACIR = Status.RET, Status.ONAY, RecipientType.TACIR
CITIZEN = Source.IYS_KISAMESAJ


class Judged(NamedTuple):
    """`becomes` is the record afterwards, or what the verdict says instead."""

    label: str
    act: ImportRow
    records: tuple[Record, ...]
    becomes: Record | str
    objections: tuple[Objection, ...] = ()
    brand: Brand | None = BRAND
    is_taken: bool = False


JUDGED = [
    Judged("ONAY, nothing stands", onay(10), (), record(ONAY, 10)),
    Judged("RET, nothing stands", ret(10), (), record(RET, 10)),
    Judged("citizen's RET, nothing stands", ret(10, CITIZEN), (), record(RET, 10, CITIZEN, 10)),
    Judged("newer ONAY on ONAY", onay(11), (record(ONAY, 10),), record(ONAY, 11)),
    Judged("newer RET on ONAY", ret(11), (record(ONAY, 10),), record(RET, 11)),
    Judged("newer ONAY on RET", onay(11), (record(RET, 10),), record(ONAY, 11)),
    Judged("older ONAY on ONAY", onay(9), (record(ONAY, 10),), "H178"),
    Judged("older RET on ONAY", ret(9), (record(ONAY, 10),), "H178"),
    Judged("the same ONAY", onay(10), (record(ONAY, 10, Source.HS_MOBIL),), "unchanged"),
    Judged("the same RET", ret(10), (record(RET, 10),), "unchanged"),
    Judged("same second, RET on ONAY", ret(10), (record(ONAY, 10),), record(RET, 10)),
    Judged("same second, ONAY on RET", onay(10), (record(RET, 10),), "H178"),
    Judged("ONAY before the citizen's RET", onay(9), (record(RET, 10, CITIZEN, 10),), "H178"),
    Judged("ONAY in the second of the citizen's RET", onay(10), (record(RET, 10, CITIZEN, 10),), "H178"),
    Judged("ONAY after the citizen's RET", onay(11), (record(RET, 10, CITIZEN, 10),), record(ONAY, 11, refused=10)),
    Judged("ONAY before a repeated RET", onay(11), (record(RET, 10, refused=12),), "H178"),
    Judged("ONAY before the merchant's RET", onay(9), (record(RET, 10, CITIZEN, to=TACIR),), "H178"),
    Judged("ONAY before the merchant's sender's RET", onay(9), (record(RET, 10, to=TACIR),), record(ONAY, 9)),
    Judged(
        "sender's RET keeps the citizen's wish", ret(12), (record(RET, 10, CITIZEN, 10),), record(RET, 12, refused=10)
    ),
    Judged(
        "a later wish by the citizen", ret(12, CITIZEN), (record(RET, 10, refused=10),), record(RET, 12, CITIZEN, 12)
    ),
    Judged("ONAY taken before", onay(9), (record(RET, 10, CITIZEN, 10),), "unchanged", is_taken=True),
    Judged("ONAY of a closed brand", onay(10), (), "closed", brand=CLOSED),
    Judged("the same ONAY of a closed brand", onay(10), (record(ONAY, 10),), "unchanged", brand=CLOSED),
    Judged("RET of a closed brand", ret(11), (record(ONAY, 10),), record(RET, 11), brand=CLOSED),
    Judged("unknown brand", onay(10), (), "H018", brand=None),
    Judged(
        "ONAY before an objection",
        onay(9),
        (),
        record(RET, 10, CITIZEN, 10, receipt="K7M4Q2XS"),
        (objection(10),),
    ),
    Judged(
        "ONAY in the second of an objection",
        onay(10),
        (),
        record(RET, 10, CITIZEN, 10, receipt="K7M4Q2XS"),
        (objection(10),),
    ),
    Judged("ONAY after an objection", onay(11), (), record(ONAY, 11), (objection(10),)),
    Judged(
        "the merchant's ONAY before an objection that ended the other",
        onay(9, TACIR),
        (record(RET, 10, CITIZEN, 10),),
        record(RET, 10, CITIZEN, 10, TACIR, "K7M4Q2XS"),
        (objection(10),),
    ),
]


@pytest.mark.parametrize("case", JUDGED, ids=[c.label for c in JUDGED])
def test_the_newest_act_wins_and_the_citizen_is_never_overruled(case: Judged) -> None:
    verdict = judge(case.act, case.brand, ConsentState.of(case.records, case.objections), case.is_taken)

    if isinstance(case.becomes, Record):
        assert isinstance(verdict, Change), verdict
        assert verdict.after == case.becomes
    else:
        assert case.becomes in (verdict.reason if isinstance(verdict, Rejected) else verdict)


VOID_BEFORE = day(8)
FED = [
    Judged("ONAY of the first day", onay(8), (), record(ONAY, 8)),
    Judged("ONAY of the day before", onay(7), (), "H467"),
    Judged("newer ONAY on ONAY, late", onay(7), (record(ONAY, 6),), "H467"),
    Judged("RET of the first day", ret(8), (record(ONAY, 7),), record(RET, 8)),
    Judged("RET of the day before", ret(7), (record(ONAY, 6),), "H467"),
    Judged("RET without a record", ret(10), (), "H175"),
    Judged("RET, a merchant's record alone", ret(10), (record(ONAY, 9, to=TACIR),), "H175"),
    Judged("RET with an objection alone", ret(10), (), "H175", (objection(9),)),
    Judged("older than what stands", onay(7), (record(ONAY, 10),), "H178"),
    Judged("late, but the same", onay(7), (record(ONAY, 7),), "unchanged"),
    Judged("late, but taken before", onay(7), (record(RET, 10, CITIZEN, 10),), "unchanged", is_taken=True),
    Judged("late, of an unknown brand", onay(7), (), "H018", brand=None),
    Judged("of a closed brand", onay(10), (), "closed", brand=CLOSED),
    Judged("ONAY before an objection", onay(9), (), record(RET, 10, CITIZEN, 10, receipt="K7M4Q2XS"), (objection(10),)),
    Judged("late ONAY before an objection", onay(7), (), "H467", (objection(10),)),
    Judged("ONAY after an objection", onay(11), (), record(ONAY, 11), (objection(10),)),
    Judged("ONAY before the citizen's RET", onay(9), (record(RET, 10, CITIZEN, 10),), "H178"),
]


@pytest.mark.parametrize("case", FED, ids=[c.label for c in FED])
def test_a_senders_feed_brings_nothing_late_and_no_ret_without_a_record(case: Judged) -> None:
    standing = ConsentState.of(case.records, case.objections)

    verdict = judge(case.act, case.brand, standing, case.is_taken, VOID_BEFORE)

    if isinstance(case.becomes, Record):
        assert isinstance(verdict, Change), verdict
        assert verdict.after == case.becomes
    else:
        assert case.becomes in (verdict.reason if isinstance(verdict, Rejected) else verdict)


class Registry:
    """What an import keeps, in memory."""

    def __init__(self, objections: list[Objection]) -> None:
        self.standing = ConsentState.of((), objections)
        self.taken: set[ImportKey] = set()

    def load(self, acts: list[ImportRow]) -> list[str]:
        return [self._take(act) for act in acts]

    def _take(self, act: ImportRow) -> str:
        verdict = judge(act, BRAND, self.standing, act.key in self.taken)
        if isinstance(verdict, Change):
            assert isinstance(verdict.after, Record)
            self.standing.records[act.type, act.recipient_type] = verdict.after
        if isinstance(verdict, Rejected):
            return "rejected"
        self.taken.add(act.key)
        return "imported" if isinstance(verdict, Change) else "unchanged"


acts = st.lists(
    st.builds(
        act,
        st.sampled_from(Status),
        st.integers(1, 6),
        st.sampled_from([Source.HS_WEB, Source.HS_MOBIL, Source.IYS_WEB]),
        st.sampled_from(RecipientType),
    ),
    max_size=12,
)
intents = st.lists(st.builds(objection, st.integers(1, 6)), max_size=1)


@given(acts, intents)
def test_a_file_read_twice_changes_nothing(rows: list[ImportRow], objections: list[Objection]) -> None:
    registry = Registry(objections)
    first = registry.load(rows)
    held = dict(registry.standing.records)

    second = registry.load(rows)

    assert registry.standing.records == held
    assert "imported" not in second
    assert all(then != "rejected" for now, then in zip(first, second, strict=True) if now != "rejected")


@given(acts, intents)
def test_no_onay_stands_that_is_not_newer_than_what_the_citizen_refused(
    rows: list[ImportRow], objections: list[Objection]
) -> None:
    registry = Registry(objections)

    registry.load(rows)

    for held in registry.standing.records.values():
        refused = [r.at for r in rows if r.status is RET and r.source.is_citizens and r.recipient_type is held[3]]
        wished = [o.at for o in objections]
        if held.status is ONAY:
            assert held.consent_at > max([*refused, *wished], default=0)

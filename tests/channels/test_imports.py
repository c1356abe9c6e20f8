"""Files of brands and consents: what goes in, what is listed as rejected, and what stops the import."""

import csv
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest

from channels.imports.table import BadTable, Table
from core.domain.clock import ISTANBUL, day_of, from_datetime
from core.registry.brand_store import BrandReader
from core.store.queries.consents import PUT_OBJECTION
from core.store.reading import reading
from tests import outside
from tests.channels.conftest import Izinhatti

Stdout = Callable[[], list[str]]

HEADER = "recipient,type,status,source,consentDate,recipientType,brandCode"
ALI = "+905320000001"
ONAY = f"{ALI},MESAJ,ONAY,HS_WEB,2026-03-10 10:00:00,BIREYSEL,600100"


@pytest.fixture
def stdout(capsys: pytest.CaptureFixture[str]) -> Stdout:
    def lines() -> list[str]:
        return capsys.readouterr().out.splitlines()

    return lines


def write(home: Path, *lines: str, header: str = HEADER) -> Path:
    file = home / "consents.csv"
    file.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return file


def rejected(file: Path) -> list[dict[str, str]]:
    with file.with_name(file.name + ".rejected.csv").open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def bodies(database: str) -> list[dict[str, Any]]:
    return [orjson.loads(body) for body in outside.column(database, "SELECT body FROM ledger ORDER BY book, entry")]


def object_at(database: str, at: int) -> None:
    """The citizen's wish of this moment to have no messages of 600100."""
    outside.put(database, PUT_OBJECTION, [(ALI, "600100", "MESAJ", "IYS_KISAMESAJ", at, "K7M4Q2XS")])


def test_good_rows_go_in_and_bad_ones_are_listed_with_line_and_reason(
    home: Path, line: Izinhatti, stdout: Stdout
) -> None:
    good, bad = ONAY.replace("MESAJ", "ARAMA"), ONAY.replace("ONAY", "EVET")
    file = write(home, ONAY, bad, "", good, "a,b", ONAY.replace("600100", "999"))
    stdout()

    assert line("consents", "import", file) == 0

    assert stdout()[-1] == "imported=2 unchanged=0 rejected=3"
    assert [(row["line"], row["reason"]) for row in rejected(file)] == [
        ("3", "status is not ONAY or RET [H115]"),
        ("6", "the line has 2 fields, the header 7"),
        ("7", "brandCode is of no known brand [H018]"),
    ]
    assert list(rejected(file)[0].values())[2:] == bad.split(",")


def test_a_file_read_twice_changes_nothing_and_a_list_of_rejects_goes_with_its_cause(
    home: Path, database: str, line: Izinhatti, stdout: Stdout
) -> None:
    file = write(home, ONAY, ONAY.replace("ONAY", "EVET"))
    assert line("consents", "import", file) == 0
    assert len(rejected(file)) == 1
    before = bodies(database)

    write(home, ONAY)
    assert line("consents", "import", file) == 0

    assert stdout()[-1] == "imported=0 unchanged=1 rejected=0"
    assert not list(home.glob("*.rejected.csv"))
    assert bodies(database) == before


def test_rows_that_newer_acts_took_the_place_of_are_unchanged_when_read_again(
    home: Path, database: str, line: Izinhatti, stdout: Stdout
) -> None:
    later = ONAY.replace("2026-03-10", "2026-03-12").replace("ONAY", "RET")
    last = ONAY.replace("2026-03-10", "2026-03-14")
    file = write(home, ONAY, later, last)
    assert line("consents", "import", file) == 0
    assert stdout()[-1] == "imported=3 unchanged=0 rejected=0"
    outside.change(  # what the citizen's RET by SMS leaves
        database,
        "INSERT INTO import_log"
        " SELECT recipient, brand_code, type, recipient_type, consent_at, status, source, imported_at FROM consent",
    )
    outside.change(
        database,
        "UPDATE consent SET status='RET', source='IYS_KISAMESAJ', consent_at=consent_at + 1000,"
        " refused_at=consent_at + 1000, receipt='K7M4Q2XS', imported_at=NULL",
    )

    assert line("consents", "import", file) == 0

    assert stdout()[-1] == "imported=0 unchanged=3 rejected=0"
    write(home, ONAY.replace("2026-03-10", "2026-03-11"))
    assert line("consents", "import", file) == 0
    assert stdout()[-1] == "imported=0 unchanged=0 rejected=1"


def test_an_onay_that_meets_an_objection_is_recorded_and_ended_by_it(
    home: Path, database: str, line: Izinhatti, stdout: Stdout
) -> None:
    at = 1_773_136_800_000  # 2026-03-10 13:00:00 in Türkiye
    object_at(database, at)
    stdout()

    assert line("consents", "import", write(home, ONAY)) == 0
    assert line("consents", "show", ALI, "--json") == 0

    counted, shown = stdout()
    assert counted == "imported=1 unchanged=0 rejected=0"
    record = {
        "recipient": ALI,
        "type": "MESAJ",
        "recipientType": "BIREYSEL",
        "brandCode": "600100",
        "brand": "MIGROS",
        "status": "RET",
        "source": "IYS_KISAMESAJ",
        "consentDate": "2026-03-10 13:00:00",
        "receipt": "K7M4Q2XS",
        "objection": False,
    }
    wish = record | {"recipientType": None, "status": None, "objection": True}
    assert orjson.loads(shown) == [wish, record]


def test_a_slice_leaves_one_ledger_entry_that_holds_no_number(home: Path, database: str, line: Izinhatti) -> None:
    file = write(home, ONAY, ONAY.replace("ONAY", "EVET"))

    assert line("consents", "import", file) == 0

    [body] = bodies(database)
    assert {key: body[key] for key in ("kind", "first", "last", "imported", "unchanged", "rejected")} == {
        "kind": "import",
        "first": 2,
        "last": 3,
        "imported": 1,
        "unchanged": 0,
        "rejected": 1,
    }
    assert len(body["file"]) == len(body["rows"]) == 64
    assert "532000" not in str(body)
    assert outside.column(database, "SELECT id FROM book WHERE closed_at IS NULL") == []
    assert outside.rows(database, "SELECT book, entry FROM anchor") == [(1, 1)]
    assert line("ledger", "verify") == 0


def test_a_large_file_goes_in_by_slices(home: Path, database: str, line: Izinhatti, stdout: Stdout) -> None:
    rows = [ONAY.replace("0000001", f"{number:07}") for number in range(1000)]
    stdout()

    assert line("consents", "import", write(home, *rows)) == 0

    assert stdout() == ["imported=1000 unchanged=0 rejected=0"]
    slices = bodies(database)
    assert len(slices) > 1
    assert [body["first"] for body in slices] == [2, *(body["last"] + 1 for body in slices[:-1])]
    assert sum(body["imported"] for body in slices) == 1000


NOW = datetime.now(ISTANBUL).replace(microsecond=0)


def ago(*, recipient: str = ALI, kind: str = "MESAJ", status: str = "ONAY", brand: str = "600100", **ago: float) -> str:
    """A row dated so long ago."""
    return f"{recipient},{kind},{status},HS_WEB,{NOW - timedelta(**ago):%Y-%m-%d %H:%M:%S},BIREYSEL,{brand}"


def notices(database: str) -> list[tuple[Any, ...]]:
    return outside.rows(database, "SELECT recipient, brand_code, kind, types FROM notice ORDER BY id")


def test_a_feed_tells_of_what_enters_and_a_first_load_does_not(
    home: Path, database: str, line: Izinhatti, stdout: Stdout
) -> None:
    assert line("consents", "import", write(home, ago(minutes=9))) == 0
    assert notices(database) == []

    assert line("consents", "import", write(home, ago(minutes=8)), "--notify") == 0

    assert stdout()[-1] == "imported=1 unchanged=0 rejected=0"
    assert notices(database) == [(ALI, "600100", "given", "MESAJ")]
    [(entered_at, due_at, state, closed_at)] = outside.rows(
        database, "SELECT entered_at, due_at, state, closed_at FROM notice JOIN book ON book.id = notice.book"
    )
    assert state == "waiting"
    assert closed_at >= entered_at
    assert day_of(due_at) == day_of(entered_at)


def test_a_feed_takes_nothing_late_and_no_ret_without_a_record(
    home: Path, database: str, line: Izinhatti, stdout: Stdout
) -> None:
    late = ago(days=30)
    unknown = ago(minutes=5, status="RET", kind="ARAMA")
    file = write(home, late, unknown, ago(minutes=5))

    assert line("consents", "import", file, "--notify") == 0

    assert stdout()[-1] == "imported=1 unchanged=0 rejected=2"
    assert [(row["line"], row["reason"]) for row in rejected(file)] == [
        ("2", "consentDate is older than 3 business days [H467]"),
        ("3", "a RET of which there is no record [H175]"),
    ]
    assert notices(database) == [(ALI, "600100", "given", "MESAJ")]


def test_types_far_apart_in_a_feed_are_one_notice_and_brands_are_not(
    home: Path, database: str, line: Izinhatti, stdout: Stdout
) -> None:
    others = [ago(minutes=5, recipient=f"+90533{number:07}") for number in range(1000)]
    rows = [ago(minutes=5), *others, ago(minutes=4, kind="ARAMA"), ago(minutes=5, brand="600101")]

    assert line("consents", "import", write(home, *rows), "--notify") == 0

    assert stdout()[-1] == "imported=1003 unchanged=0 rejected=0"
    assert len(bodies(database)) > 1
    told = notices(database)
    assert len(told) == 1002
    assert [one for one in told if one[0] == ALI] == [
        (ALI, "600100", "given", "ARAMA|MESAJ"),
        (ALI, "600101", "given", "MESAJ"),
    ]


def test_an_address_is_told_apart_from_a_number(home: Path, database: str, line: Izinhatti) -> None:
    rows = ago(minutes=5), ago(minutes=5, recipient="ali@ornek.example", kind="EPOSTA")

    assert line("consents", "import", write(home, *rows), "--notify") == 0

    assert [(recipient, types) for recipient, _, _, types in notices(database)] == [
        (ALI, "MESAJ"),
        ("ali@ornek.example", "EPOSTA"),
    ]


def test_a_feed_read_twice_tells_nobody_again(home: Path, database: str, line: Izinhatti, stdout: Stdout) -> None:
    file = write(home, ago(minutes=9), ago(minutes=8, status="RET"), ago(minutes=7))
    assert line("consents", "import", file, "--notify") == 0
    assert stdout()[-1] == "imported=3 unchanged=0 rejected=0"
    outside.change(database, "UPDATE notice SET state = 'queued'")

    assert line("consents", "import", file, "--notify") == 0

    assert stdout()[-1] == "imported=0 unchanged=3 rejected=0"
    assert len(notices(database)) == 1


@pytest.mark.parametrize(
    ("objected", "kind", "status"),
    [
        pytest.param({"minutes": 4}, "ended", "RET", id="after the permission"),
        pytest.param({"minutes": 5}, "ended", "RET", id="in its second"),
        pytest.param({"minutes": 6}, "again", "ONAY", id="before it"),
    ],
)
def test_a_permission_in_a_feed_that_meets_an_objection(
    home: Path, database: str, line: Izinhatti, objected: dict[str, float], kind: str, status: str
) -> None:
    at = from_datetime(NOW - timedelta(**objected))
    object_at(database, at)

    assert line("consents", "import", write(home, ago(minutes=5)), "--notify") == 0

    assert notices(database) == [(ALI, "600100", kind, "MESAJ")]
    assert outside.column(database, "SELECT status FROM consent") == [status]


def test_a_permission_in_a_feed_after_the_citizens_refusal_says_so(home: Path, database: str, line: Izinhatti) -> None:
    refused = ago(minutes=9, status="RET").replace("HS_WEB", "IYS_WEB")
    assert line("consents", "import", write(home, ago(minutes=10), refused)) == 0

    assert line("consents", "import", write(home, ago(minutes=5)), "--notify") == 0

    assert notices(database) == [(ALI, "600100", "again", "MESAJ")]


def test_what_a_feed_both_gives_and_ends_is_left_for_the_notice_to_see(
    home: Path, database: str, line: Izinhatti
) -> None:
    rows = ago(minutes=9), ago(minutes=9, kind="ARAMA"), ago(minutes=8, status="RET")

    assert line("consents", "import", write(home, *rows), "--notify") == 0

    assert notices(database) == [(ALI, "600100", "given", "ARAMA|MESAJ")]
    assert outside.column(database, "SELECT type FROM consent WHERE status = 'ONAY'") == ["ARAMA"]


class Good(NamedTuple):
    label: str
    octets: bytes


GOOD = [
    Good("with a BOM", b"\xef\xbb\xbf" + f"{HEADER}\n{ONAY}\n".encode()),
    Good("with Windows line ends", f"{HEADER}\r\n{ONAY}\r\n".encode()),
    Good("without a last line end", f"{HEADER}\n{ONAY}".encode()),
    Good("quoted", (HEADER + "\n" + ",".join(f'"{field}"' for field in ONAY.split(",")) + "\n").encode()),
    Good(
        "header in another order",
        b",".join([*HEADER.encode().split(b",")][::-1]) + b"\n" + b",".join([*ONAY.encode().split(b",")][::-1]),
    ),
    Good("with a column more", f"note,{HEADER}\nx,{ONAY}\n".encode()),
    Good("with spaces around", f"{HEADER.replace(',', ' , ')}\n{ONAY.replace(',', ' , ')}\n".encode()),
]


@pytest.mark.parametrize("good", GOOD, ids=[g.label for g in GOOD])
def test_files_as_people_have_them_are_read(home: Path, line: Izinhatti, stdout: Stdout, good: Good) -> None:
    file = home / "c.csv"
    file.write_bytes(good.octets)

    assert line("consents", "import", file) == 0

    assert stdout()[-1] == "imported=1 unchanged=0 rejected=0"


class BadFile(NamedTuple):
    label: str
    octets: bytes | None
    reason: str


BAD_FILES = [
    BadFile("is not there", None, "c.csv: does not exist"),
    BadFile("is empty", b"", "c.csv:1: the header has no column recipient"),
    BadFile("lacks a column", HEADER.replace(",source", "").encode(), "c.csv:1: the header has no column source"),
    BadFile("has semicolons", HEADER.replace(",", ";").encode(), "c.csv:1: the header has no column recipient"),
    BadFile("has a column twice", f"{HEADER},type".encode(), "c.csv:1: the header has more than one column type"),
    BadFile("is UTF-16", HEADER.encode("utf-16"), "c.csv:1: the header is no CSV in UTF-8"),
    BadFile("has an open quote in its header", b'"' + HEADER.encode(), "c.csv:1: the header is no CSV in UTF-8"),
]


@pytest.mark.parametrize("bad", BAD_FILES, ids=[b.label for b in BAD_FILES])
def test_a_file_that_cannot_be_read_is_one_line_and_exit_2(
    line: Izinhatti, bad: BadFile, capsys: pytest.CaptureFixture[str]
) -> None:
    if bad.octets is not None:
        Path("c.csv").write_bytes(bad.octets)
    capsys.readouterr()

    assert line("consents", "import", "c.csv") == 2

    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", f"{bad.reason}\n")
    assert not Path("c.csv.rejected.csv").exists()


def test_a_folder_is_no_file(line: Izinhatti, capsys: pytest.CaptureFixture[str]) -> None:
    assert line("consents", "import", ".") == 2

    assert capsys.readouterr().err == ".: is not a file\n"


class BadLine(NamedTuple):
    label: str
    octets: bytes
    reason: str
    keeps: bool = True


BAD_LINES = [
    BadLine("octets that are no UTF-8", ONAY.encode().replace(b"HS_WEB", b"HS_\xfe"), "the line is not UTF-8 text"),
    BadLine("a NUL", ONAY.encode().replace(b"HS_WEB", b"HS_\0"), "the line is not UTF-8 text"),
    BadLine("a field too few", ONAY.encode().rpartition(b",")[0], "the line has 6 fields, the header 7"),
    BadLine("a field too many", ONAY.encode() + b",", "the line has 8 fields, the header 7"),
    BadLine("an open quote", b'"' + ONAY.encode(), "the line is no CSV: unexpected end of data"),
    BadLine("a line without end", b"x" * 200_000, "the line is longer than 65536 octets", keeps=False),
]


@pytest.mark.parametrize("bad", BAD_LINES, ids=[b.label for b in BAD_LINES])
def test_a_broken_line_spoils_itself_only(home: Path, line: Izinhatti, stdout: Stdout, bad: BadLine) -> None:
    file = home / "c.csv"
    file.write_bytes(b"\n".join([HEADER.encode(), bad.octets, ONAY.encode(), b""]))

    assert line("consents", "import", file) == 0

    assert stdout()[-1] == "imported=1 unchanged=0 rejected=1"
    text = (home / "c.csv.rejected.csv").read_bytes().decode(errors="surrogateescape")
    _, listed = csv.reader(text.splitlines())
    assert listed[:2] == ["2", bad.reason]
    if bad.keeps:
        assert ",".join(listed[2:]).encode(errors="surrogateescape") == bad.octets


@pytest.mark.parametrize(("octets", "fits"), [(65_534, True), (65_535, True), (65_536, False), (65_537, False)])
def test_the_bound_of_a_line_is_kept(tmp_path: Path, octets: int, fits: bool) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes(b"a\n" + b"x" * octets + b"\n" + b"y\n")

    with Table(file, ["a"]) as table:
        first, second = table.records()

    assert (first.fields is not None) is fits
    assert (first.line, second.line, second.fields) == (2, 3, ("y",))


def test_a_table_is_closed_when_its_header_is_bad(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes(b"a\n")

    with pytest.raises(BadTable):  # a file left open would be a ResourceWarning, and so an error here
        Table(file, ["b"])


BRANDS = "brandCode,name,shortNames,iysCode,title"


class BrandRow(NamedTuple):
    label: str
    row: str
    reason: str


BAD_BRANDS = [
    BrandRow("code with letters", "60O,MIGROS,,,", "brandCode is not a number [H191]"),
    BrandRow("no code", ",MIGROS,,,", "brandCode is not a number [H191]"),
    BrandRow("code in Arabic digits", "٦٠٠,MIGROS,,,", "brandCode is not a number [H191]"),
    BrandRow("no name", "1,,,,", "name is empty"),
    BrandRow("name of signs", "1,&!,,,", "name has neither a letter nor a digit"),
    BrandRow("four short names", "1,MIGROS,A|B|C|D,,", "shortNames has more than 3 names"),
    BrandRow("empty short name", "1,MIGROS,A||B,,", "shortNames has a name without a letter or digit"),
    BrandRow("short name of signs", "1,MIGROS,A|-,,", "shortNames has a name without a letter or digit"),
]


@pytest.mark.parametrize("bad", BAD_BRANDS, ids=[b.label for b in BAD_BRANDS])
def test_a_brand_that_cannot_be_found_by_a_name_is_rejected(
    home: Path, line: Izinhatti, stdout: Stdout, bad: BrandRow
) -> None:
    file = home / "b.csv"
    file.write_text(f"{BRANDS}\n{bad.row}\n2,Boyner,A|B|C,,\n", encoding="utf-8")

    assert line("brands", "import", file) == 0

    assert stdout()[-1] == "imported=1 unchanged=0 rejected=1"
    assert [(row["line"], row["reason"]) for row in rejected(file)] == [("2", bad.reason)]


def read_brands(database: str, reader: BrandReader) -> list[tuple[str, str, bool]]:
    with reading(database, 1) as transaction:
        return [(brand.code, brand.name, brand.closed) for brand in reader.read(transaction)]


def test_brands_are_added_and_updated_stay_closed_and_are_seen_by_who_has_read_before(
    home: Path, database: str, line: Izinhatti, stdout: Stdout
) -> None:
    reader, file = BrandReader(), home / "b.csv"
    assert len(read_brands(database, reader)) == 2
    assert line("brands", "close", "600100") == 0
    assert read_brands(database, reader) == [("600100", "MIGROS", True)]

    file.write_text(f"{BRANDS}\n600100,Migros,,,\n600102,Boyner,,,\n600101,Şişecam,SISECAM|SISE,,\n", encoding="utf-8")
    assert line("brands", "import", file) == 0

    assert stdout()[-1] == "imported=2 unchanged=1 rejected=0"
    assert sorted(read_brands(database, reader)) == [("600100", "Migros", True), ("600102", "Boyner", False)]
    assert line("brands", "import", file) == 0
    assert stdout()[-1] == "imported=0 unchanged=3 rejected=0"
    assert read_brands(database, reader) == []


def test_a_brand_twice_in_a_file_is_what_its_last_row_says(
    home: Path, database: str, line: Izinhatti, stdout: Stdout
) -> None:
    file = home / "b.csv"
    file.write_text(f"{BRANDS}\n7,Bir,,,\n7,İki,,,\n", encoding="utf-8")

    assert line("brands", "import", file) == 0

    assert stdout()[-1] == "imported=2 unchanged=0 rejected=0"
    assert ("7", "İki", False) in read_brands(database, BrandReader())

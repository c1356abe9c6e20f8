"""The sample brands and consents of the demo keep the rules that imports check."""

import csv
from collections import Counter
from datetime import datetime
from pathlib import Path

import channels.demo
from core.domain.consent import ConsentType, RecipientType, Source, Status
from core.domain.text import key

FOLDER = Path(channels.demo.__file__).parent


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_brands_are_told_apart_by_number_and_by_every_name() -> None:
    brands = rows("brands.csv")

    names = Counter(name for b in brands for name in {key(b["name"]), *map(key, b["shortNames"].split("|"))})
    assert [name for name, count in names.items() if count > 1 or not name] == []
    assert len({b["brandCode"] for b in brands}) == len(brands) == 100


def test_brands_have_one_to_three_short_names_of_eleven_letters() -> None:
    for brand in rows("brands.csv"):
        short = brand["shortNames"].split("|")

        assert 1 <= len(short) <= 3
        assert all(0 < len(name) <= 11 for name in short), brand
        assert brand["brandCode"].isdigit()
        assert len(brand["brandCode"]) == 6
        assert "Örnek" in brand["title"]


def test_consents_are_of_known_brands_words_and_past_days() -> None:
    codes = {b["brandCode"] for b in rows("brands.csv")}

    for row in rows("consents.csv"):
        ConsentType(row["type"])
        Status(row["status"])
        Source(row["source"])
        RecipientType(row["recipientType"])
        day = datetime.strptime(row["consentDate"], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 the file has no zone
        assert 2024 <= day.year <= 2026
        assert row["brandCode"] in codes


def test_the_first_number_has_both_consents_of_migros_and_eight_more() -> None:
    first = [r for r in rows("consents.csv") if r["recipient"] == "+905320000001" and r["status"] == "ONAY"]

    types = {(r["brandCode"], r["type"]) for r in first}
    brands = {code for code, _ in types}
    assert "600100" in brands
    assert len(brands) == 9
    assert types == {(code, kind) for code in brands for kind in ("ARAMA", "MESAJ")}

"""A notice as it waits in the outbox."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.mail.notice import JSON_CHARS_MAX, BadNotice, MailNotice
from core.conversation.requests import Language
from tests.channels.mail.notices import NOTICE, TOKEN

FIELDS = orjson.loads(NOTICE.to_json())


@given(
    st.builds(
        MailNotice,
        st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
        st.dates(),
        st.booleans(),
        st.just(NOTICE.url),
        st.sampled_from(Language),
    )
)
def test_comes_back_as_it_went(notice: MailNotice) -> None:
    assert MailNotice.from_json(notice.to_json()) == notice


def test_registered_on_is_a_day_in_the_parcel() -> None:
    assert FIELDS["registered_on"] == "2026-11-23"


@pytest.mark.parametrize(
    ("url", "site"),
    [
        pytest.param(f"https://izin.example/r/{TOKEN}", "https://izin.example/", id="root"),
        pytest.param(f"https://x.example/izin/r/{TOKEN}", "https://x.example/izin/", id="below a path"),
        pytest.param(f"http://127.0.0.1:8338/r/{TOKEN}", "http://127.0.0.1:8338/", id="port"),
    ],
)
def test_site_has_no_token(url: str, site: str) -> None:
    assert NOTICE._replace(url=url).site == site


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"brand": 5}, id="brand is no text"),
        pytest.param({"has_refused": "no"}, id="answer is no boolean"),
        pytest.param({"registered_on": "23.11.2026"}, id="day in another form"),
        pytest.param({"registered_on": 5}, id="day is a number"),
        pytest.param({"language": "de"}, id="unknown language"),
        pytest.param({"url": None}, id="no link"),
        pytest.param({"url": f"ftp://izin.example/r/{TOKEN}"}, id="another scheme"),
        pytest.param({"url": "https://izin.example/help"}, id="no link page"),
        pytest.param({"url": f"https://izin.example/r/{TOKEN}>\r\nBcc: x@y.example"}, id="line break in the link"),
        pytest.param({"url": f"https://izin.example/r/{TOKEN}, <mailto:x@y.example>"}, id="second link"),
        pytest.param({"url": f"https://şirket.example/r/{TOKEN}"}, id="letter beyond ASCII"),
        pytest.param({"url": f"https://izin.example/{'a' * 512}/r/{TOKEN}"}, id="link too long"),
        pytest.param({"brand": "M" * JSON_CHARS_MAX}, id="all of it too long"),
    ],
)
def test_a_faulty_field_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadNotice):
        MailNotice.from_json(orjson.dumps(FIELDS | change).decode())


@pytest.mark.parametrize("name", FIELDS)
def test_a_missing_field_is_refused(name: str) -> None:
    with pytest.raises(BadNotice):
        MailNotice.from_json(orjson.dumps({key: FIELDS[key] for key in FIELDS if key != name}).decode())


@pytest.mark.parametrize("text", ["", "{", "[]", "5", "null", '"a"', "RET MIGROS", "[" * 3000])
def test_what_is_no_notice_is_refused(text: str) -> None:
    with pytest.raises(BadNotice):
        MailNotice.from_json(text)

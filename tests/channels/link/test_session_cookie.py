"""Sealed cookies: only our own key opens them, only for their purpose, only in their time."""

import base64

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from channels.link.session_cookie import Purpose, Visit, Visits
from core.domain.recipients import Msisdn
from tests.channels.link.fakes import KEY, NOW, NUMBER, Time

VISITS = Visits(KEY, lambda: NOW, 900, is_https=True)


def sealed(visits: Visits = VISITS, purpose: Purpose = "izin") -> str:
    response = web.Response()
    visits.begin(response, purpose, Msisdn(NUMBER))
    return response.cookies[purpose].value


def opened(cookie: str, visits: Visits = VISITS, purpose: Purpose = "izin") -> Visit | None:
    return visits.of(make_mocked_request("GET", "/", headers={"Cookie": f"{purpose}={cookie}"}), purpose)


def test_what_was_sealed_is_opened() -> None:
    visit = opened(sealed())

    assert visit is not None
    assert (visit.number.reveal(), visit.ends_at, visit.tail) == (NUMBER, NOW + 900_000, "67")
    assert visit.wrote(visit.secret)
    assert not visit.wrote(visit.secret[:-1])
    assert not visit.wrote(None)


def test_two_cookies_of_one_number_have_nothing_in_common() -> None:
    first, second = opened(sealed()), opened(sealed())

    assert first is not None
    assert second is not None
    assert first.secret != second.secret
    assert sealed()[:16] != sealed()[:16]


@pytest.mark.parametrize(
    ("cookie", "visits", "purpose"),
    [
        pytest.param(sealed(purpose="kod"), VISITS, "izin", id="a code was sent, not proven"),
        pytest.param(sealed(), Visits(bytes(32), lambda: NOW, 900, is_https=True), "izin", id="another key"),
        pytest.param(sealed(Visits(KEY, lambda: NOW, 0, is_https=True)), VISITS, "izin", id="over"),
        pytest.param("", VISITS, "izin", id="empty"),
        pytest.param("AAAA", VISITS, "izin", id="shorter than its nonce"),
    ],
)
def test_what_is_not_ours_stays_closed(cookie: str, visits: Visits, purpose: Purpose) -> None:
    assert opened(cookie, visits, purpose) is None


@given(st.integers(0, 200), st.integers(1, 255))
def test_an_altered_cookie_stays_closed(place: int, change: int) -> None:
    octets = bytearray(base64.urlsafe_b64decode(sealed()))
    octets[place % len(octets)] ^= change

    assert opened(base64.urlsafe_b64encode(octets).decode()) is None


@given(st.text(max_size=200))
def test_any_text_stays_closed(text: str) -> None:
    assert VISITS._open("izin", text) is None


def test_a_short_key_is_refused(clock: Time) -> None:
    with pytest.raises(ValueError, match="fewer than 32"):
        Visits(b"x" * 31, clock, 900, is_https=True)

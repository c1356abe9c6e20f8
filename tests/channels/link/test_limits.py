"""Guesses are counted, by address and by how a token begins; a valid link never is."""

import pytest
from aiohttp import web

from channels.link import limits
from channels.link.limits import Guesses
from tests.channels.link.fakes import NUMBER, RECEIPT, TOKEN, FakePort, Time, app_of, browser, enter, served

PER_MINUTE = 5


def counts(guesses: Guesses, *keys: str) -> bool:
    """Whether a guess passes."""
    try:
        guesses.count(*keys)
    except web.HTTPTooManyRequests:
        return False
    return True


@pytest.mark.parametrize("per_minute", [1, 7, 120])
def test_so_many_a_minute_pass_and_no_more(clock: Time, per_minute: int) -> None:
    guesses = Guesses(per_minute, clock)

    assert [counts(guesses, "a") for _ in range(per_minute + 3)] == [True] * per_minute + [False] * 3
    assert counts(guesses, "b")
    clock.move(60 / per_minute + 0.001)
    assert [counts(guesses, "a") for _ in range(2)] == [True, False]
    clock.move(3600)
    assert [counts(guesses, "a") for _ in range(per_minute + 1)] == [True] * per_minute + [False]


def test_none_is_no_limit(clock: Time) -> None:
    guesses = Guesses(0, clock)

    assert all(counts(guesses, "a") for _ in range(1000))
    assert len(guesses) == 0


def test_a_clock_that_steps_back_locks_nobody_out(clock: Time) -> None:
    guesses = Guesses(1, clock)
    counts(guesses, "a")

    clock.move(-86_400)

    assert not counts(guesses, "a")
    clock.move(61)
    assert counts(guesses, "a")


def test_the_memory_is_bounded(clock: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "KEYS_MAX", 3)
    guesses = Guesses(1, clock)

    for key in "abcd":
        counts(guesses, key)

    assert len(guesses) == 3
    assert [counts(guesses, key) for key in "da"] == [False, True]


@pytest.mark.parametrize(
    ("remote", "key"),
    [
        pytest.param("192.0.2.7", "address 192.0.2.7", id="IPv4"),
        pytest.param("::ffff:192.0.2.7", "address 192.0.2.7", id="IPv4 inside IPv6"),
        pytest.param("2001:db8:1:2:3:4:5:6", "address 20010db800010002", id="IPv6: its network"),
        pytest.param("fe80::1%eth0", "address fe80000000000000", id="with a zone"),
        pytest.param(None, "address", id="a local socket"),
    ],
)
def test_whose_guess_it_is(remote: str | None, key: str) -> None:
    class Request(dict[object, str]):
        def __init__(self) -> None:
            self.remote = remote

    assert limits.address_key(Request()) == key  # type: ignore[arg-type]


async def test_unknown_links_are_refused_and_the_valid_one_never(port: FakePort, clock: Time) -> None:
    async with served(app_of(port, clock, PER_MINUTE)) as number, browser(number) as client:
        statuses = [(await client.get(f"/r/{n:0>20}")).status for n in range(PER_MINUTE + 2)]
        refused = await client.post("/r/AAAAAAAAAAAAAAAAA", data={"type": "MESAJ"})

        assert statuses == [404] * PER_MINUTE + [429] * 2
        assert refused.status == 429
        assert refused.headers["Retry-After"] == "12"
        assert (await client.get(f"/r/{TOKEN}")).status == 200
        assert (await client.post(f"/r/{TOKEN}", data={"type": "MESAJ"})).status == 200
        clock.move(12.1)
        assert (await client.get("/r/B")).status == 404


async def test_a_valid_link_is_not_counted(port: FakePort, clock: Time) -> None:
    async with served(app_of(port, clock, 1)) as number, browser(number) as client:
        assert {(await client.get(f"/r/{TOKEN}")).status for _ in range(5)} == {200}
        assert (await client.get("/r/x")).status == 404


async def test_tokens_that_begin_alike_are_counted_together(
    port: FakePort, clock: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = iter(range(100))
    monkeypatch.setattr("channels.link.refusal.address_key", lambda _request: f"address {next(addresses)}")
    async with served(app_of(port, clock, PER_MINUTE)) as number, browser(number) as client:
        alike = [(await client.get(f"/r/{TOKEN[:4]}{n}")).status for n in range(PER_MINUTE + 1)]
        other = await client.get("/r/zzzz")
        own = await client.get(f"/r/{TOKEN}")

    assert alike == [404] * PER_MINUTE + [429]
    assert (other.status, own.status) == (404, 200)


async def test_number_and_code_forms_are_limited(port: FakePort, clock: Time) -> None:
    async with served(app_of(port, clock, PER_MINUTE)) as number, browser(number) as client:
        await enter(client)
        for _ in range(PER_MINUTE - 2):
            await client.post("/izinler", data={"numara": NUMBER}, allow_redirects=False)
        sent = len(port.asked)

        for path in ("/izinler", "/izinler/kod"):
            response = await client.post(path, data={"numara": NUMBER, "kod": "123456"})
            assert response.status == 429
            assert "Retry-After" in response.headers
        assert len(port.asked) == sent
        assert (await client.get("/izinler/liste")).status == 200


async def test_guessed_receipts_close_that_page_to_their_address(port: FakePort, clock: Time) -> None:
    async with served(app_of(port, clock, PER_MINUTE)) as number, browser(number) as client:
        assert (await client.get(f"/islem/{RECEIPT}")).status == 200
        statuses = [(await client.get(f"/islem/D7M4Q2X{n}")).status for n in range(PER_MINUTE)]
        refused = await client.get(f"/islem/{RECEIPT}")

    assert statuses == [404] * PER_MINUTE
    assert refused.status == 429

"""Who calls: behind our own proxies the one they name, and nobody whom a stranger names."""

from collections.abc import Sequence
from ipaddress import ip_network

import pytest
from multidict import CIMultiDict

from tests.channels.link.fakes import FakePort, Time, app_of, browser, served

OURS = "127.0.0.1/32"
STRANGER = "192.0.2.7"


@pytest.mark.parametrize(
    ("proxies", "named", "other"),
    [
        pytest.param([OURS], ["203.0.113.1"], ["203.0.113.2"], id="two citizens behind our proxy"),
        pytest.param([OURS, "10.0.0.0/8"], ["203.0.113.1, 10.1.2.3"], ["203.0.113.2, 10.1.2.3"], id="two of ours"),
        pytest.param([OURS], ["x", "203.0.113.1"], ["x", "203.0.113.2"], id="a header for each hop"),
        pytest.param([OURS], ["2001:db8::1"], ["2001:db8:0:1::1"], id="IPv6"),
    ],
)
async def test_one_who_misbehaves_behind_a_proxy_shuts_out_nobody_else(
    port: FakePort, clock: Time, proxies: Sequence[str], named: Sequence[str], other: Sequence[str]
) -> None:
    app = app_of(port, clock, 1, proxies=list(map(ip_network, proxies)))
    async with served(app) as number, browser(number) as client:
        mine = [(await client.get("/r/x", headers=_forwarded(named))).status for _ in range(2)]
        others = (await client.get("/r/y", headers=_forwarded(other))).status

    assert (mine, others) == ([404, 429], 404)


@pytest.mark.parametrize(
    ("proxies", "first", "second"),
    [
        pytest.param([], ["203.0.113.1"], ["203.0.113.2"], id="no proxy of ours"),
        pytest.param(["192.0.2.0/24"], ["203.0.113.1"], ["203.0.113.2"], id="a peer that is none of ours"),
        pytest.param([OURS], [f"203.0.113.1, {STRANGER}"], [f"203.0.113.2, {STRANGER}"], id="before who really calls"),
        pytest.param([OURS], ["nonsense"], ["rubbish"], id="no address"),
        pytest.param([OURS], ["203.0.113.1, "], ["203.0.113.2, "], id="an empty hop"),
        pytest.param([OURS], [], [], id="no header"),
    ],
)
async def test_what_a_stranger_writes_is_not_believed(
    port: FakePort, clock: Time, proxies: Sequence[str], first: Sequence[str], second: Sequence[str]
) -> None:
    app = app_of(port, clock, 1, proxies=list(map(ip_network, proxies)))
    async with served(app) as number, browser(number) as client:
        statuses = [
            (await client.get(path, headers=_forwarded(named))).status
            for path, named in (("/r/x", first), ("/r/y", second))
        ]

    assert statuses == [404, 429]


def _forwarded(named: Sequence[str]) -> CIMultiDict[str]:
    return CIMultiDict([("X-Forwarded-For", one) for one in named])

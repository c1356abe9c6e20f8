"""Who calls: the peer of the connection, or whom our own reverse proxy names."""

from collections.abc import Collection, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

Network = IPv4Network | IPv6Network

_HEADER: Final = "X-Forwarded-For"
_HOPS_MAX: Final = 16  # addresses that are looked at, from the nearest on
_CALLER: Final = web.RequestKey("caller", str)


def caller_namer(proxies: Collection[Network]) -> Middleware:
    """Notes with each request who calls.

    A proxy of ours writes the peer that it sees at the end of X-Forwarded-For: from there the addresses are believed up
    to the first one that is no proxy of ours. What stands before that one, a stranger may have written.
    """

    @web.middleware
    async def name(request: web.Request, handler: Handler) -> web.StreamResponse:
        if proxies and request.remote is not None:
            request[_CALLER] = _caller(request.remote, request.headers.getall(_HEADER, ()), proxies)
        return await handler(request)

    return name


def caller(request: web.Request) -> str | None:
    """The address of who calls; None over a local socket."""
    named: str | None = request.get(_CALLER, request.remote)
    return named


def _caller(peer: str, headers: Collection[str], proxies: Collection[Network]) -> str:
    believed = peer
    for named in _nearest_first(headers):
        if not _is_within(believed, proxies) or _address(named) is None:
            break
        believed = named
    return believed


def _nearest_first(headers: Collection[str]) -> Iterator[str]:
    hops = ",".join(headers).rsplit(",", _HOPS_MAX)[-_HOPS_MAX:]
    return (hop.strip() for hop in reversed(hops))


def _is_within(address: str, networks: Collection[Network]) -> bool:
    found = _address(address)
    return found is not None and any(found in network for network in networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found

"""What a campaign on PostgreSQL left behind, held against what its networks were told was taken: requests, evidence,
ledger, registry and answers."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from core.ledger.chain import pseudonym
from tests.system.cluster import Cluster, Wish

_REQUESTS: Final = """
SELECT r.id, r.recipient, w.text, r.outcome, r.receipt, r.salt, r.raw_hash, w.octets, l.body
FROM request r JOIN raw w ON w.request = r.id
LEFT JOIN ledger l ON l.book = r.id >> 36 AND l.entry = r.entry
WHERE r.repeat_of IS NULL ORDER BY r.decided_at
"""
_STANDS: Final = """
SELECT recipient, brand_code, type, status, receipt FROM consent
UNION ALL SELECT recipient, brand_code, type, NULL, receipt FROM objection
"""


class _Request(NamedTuple):
    """One that is no repeat, with its evidence and the body of its ledger entry."""

    id: int
    recipient: str
    text: str
    outcome: str
    receipt: str | None
    salt: bytes | None
    raw_hash: bytes
    octets: bytes
    body: str | None


class Outcome(NamedTuple):
    """What became of the messages. `lost` were acknowledged and left no request, `acts` left one, `twice` more than
    one; `repeats` were known as such. `disordered` counts citizens whose requests are not in the order of their
    messages, `doubled` answers that were told more than once, `unanswered` those that were neither told nor given up,
    `unknown` submits that nobody answered."""

    messages: int
    brought: int
    lost: int
    acts: int
    twice: int
    repeats: int
    disordered: int
    unanswered: int
    doubled: int
    unknown: int
    given_up: int

    def __str__(self) -> str:
        return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in self._asdict().items())


async def audit(cluster: Cluster) -> Outcome:
    """Count, and fail where evidence, ledger and registry do not say the same."""
    by_citizen: dict[str, list[_Request]] = {}
    for request in map(_Request._make, await cluster.rows(_REQUESTS)):
        by_citizen.setdefault(request.recipient.removeprefix("+"), []).append(request)
    accepted = cluster.accepted
    copies = Counter((who, request.text) for who, requests in by_citizen.items() for request in requests)
    wishes = [(who, wish.words) for who, story in accepted.items() for wish in story]
    assert copies.keys() <= set(wishes), "nobody wrote that"
    [(repeats,)] = await cluster.rows("SELECT count(*) FROM request WHERE repeat_of IS NOT NULL")
    await _check_ledger(cluster, by_citizen)
    return Outcome(
        messages=len(wishes),
        brought=cluster.brought,
        lost=sum(not copies[wish] for wish in wishes),
        acts=copies.total(),
        twice=sum(count > 1 for count in copies.values()),
        repeats=repeats,
        disordered=sum(_told_by(by_citizen.get(who, [])) != story for who, story in accepted.items()),
        **await _answers(cluster),
    )


def _told_by(requests: Sequence[_Request]) -> list[Wish]:
    return [Wish(request.text, request.outcome) for request in requests]


async def _check_ledger(cluster: Cluster, by_citizen: Mapping[str, Sequence[_Request]]) -> None:
    """Each act has one entry of the ledger, of its own citizen and message; the acts of a citizen follow from one
    another, and the last of them stands in the registry."""
    stands: dict[tuple[str, ...], tuple[str | None, str | None]] = {}
    for recipient, brand, kind, status, receipt in await cluster.rows(_STANDS):
        stands[recipient, brand, kind] = status, receipt
    left: dict[tuple[str, ...], tuple[dict[str, Any] | None, str]] = {}
    entries = 0
    for request in (request for requests in by_citizen.values() for request in requests):
        assert hashlib.sha256(request.octets).digest() == request.raw_hash
        assert (request.receipt is None) == (request.body is None) == (request.salt is None), request.outcome
        if request.body is None or request.salt is None or request.receipt is None:
            continue
        entries += 1
        body = orjson.loads(request.body)
        told = {"receipt": request.receipt, "recipient": pseudonym(request.recipient, request.salt)}
        assert {key: body[key] for key in ("receipt", "recipient", "raw")} == {**told, "raw": request.raw_hash.hex()}
        for act in body["acts"]:
            record = request.recipient, act["brandCode"], act["type"]
            # An objection and a record of one brand and type are told apart; of each the one follows from the other.
            key = *record, str("objection" in (act["before"] or act["after"]))
            if key in left:
                assert act["before"] == left[key][0], "an act does not follow from the one before it"
            left[key] = act["after"], request.receipt
    assert await cluster.rows("SELECT count(*) FROM ledger") == [(entries,)]
    after = {key[:3]: (state["status"], receipt) for key, (state, receipt) in left.items() if state is not None}
    assert after.items() <= stands.items(), "the last act is not what stands"
    untouched = {key: value for key, value in stands.items() if key not in after}
    assert all(value == ("ONAY", None) for value in untouched.values()), "something stands that no act explains"


async def _answers(cluster: Cluster) -> dict[str, int]:
    rows = await cluster.rows("SELECT recipient, text, state, unknowns, request FROM outbox")
    wanted = Counter((recipient, text) for recipient, text, *_ in rows)
    given_up = Counter((recipient, text) for recipient, text, state, *_ in rows if state == "dead")
    told = cluster.told
    assert told.keys() <= wanted.keys(), "something was told that stands in no outbox"
    answered = {request for *_, request in rows}
    acts = await cluster.rows("SELECT id FROM request WHERE repeat_of IS NULL")
    return {
        "unanswered": sum(max(0, count - told[key] - given_up[key]) for key, count in wanted.items())
        + sum(request not in answered for (request,) in acts),
        "doubled": sum(max(0, told[key] - count) for key, count in wanted.items()),
        "unknown": sum(unknowns for *_, unknowns, _ in rows),
        "given_up": given_up.total(),
    }

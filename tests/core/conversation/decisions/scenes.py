"""Scenes for the tests of decisions: one citizen, a few brands, Monday 2026-11-23 14:05 in Istanbul."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from core.brands.brand import Brand
from core.brands.directory import Directory
from core.conversation.answers import Answer, Unspoken
from core.conversation.consent_state import Change, ConsentState
from core.conversation.conversation import NEW, Conversation
from core.conversation.decisions.decide import decide
from core.conversation.decisions.scene import Decision, Scene
from core.conversation.requests import BrandAlone, BrandMention, Door, Durum, Intent, Onay, Request, Ret, Sikayet, Types
from core.domain.calendar import Calendar
from core.domain.clock import HOUR_MS, Instant, to_second
from core.domain.consent import ConsentType, Objection, RecipientType, Record, Source, Status
from core.domain.recipients import Msisdn
from core.domain.rules import Rules

ARAMA, MESAJ, EPOSTA = ConsentType.ARAMA, ConsentType.MESAJ, ConsentType.EPOSTA
ONAY, RET = Status.ONAY, Status.RET

NUMBER: Final = Msisdn.parse("+905321234567")
NOW: Final = Instant(1_795_431_900_123)
AT: Final = to_second(NOW)
RECEIPT: Final = "K7M4Q2XS"
CODE: Final = "482913"

MIGROS: Final = Brand("600100", "MIGROS")
TEKNOSA: Final = Brand("600101", "TEKNOSA")
BOYNER: Final = Brand("600102", "BOYNER")
HOPI: Final = Brand("600103", "HOPİ")
N11: Final = Brand("600104", "N11")
KIGILI: Final = Brand("600105", "KİĞILI")
SUVARI: Final = Brand("600106", "SÜVARİ")
CLOSED: Final = Brand("600199", "KAPANAN", closed=True)
DENIZBANK: Final = Brand("600110", "DENİZBANK", ("DENİZ",))
DENIZLI: Final = Brand("600111", "DENİZLİ", ("DENİZ",))
BRANDS: Final = (MIGROS, TEKNOSA, BOYNER, HOPI, N11, KIGILI, SUVARI, CLOSED, DENIZBANK, DENIZLI)
DIRECTORY: Final = Directory(BRANDS)
CALENDAR: Final = Calendar()

SECOND_MS: Final = 1000
DAY_MS: Final = 24 * HOUR_MS
DENIZ: Final = BrandMention("deniz", (DENIZBANK, DENIZLI), exact=False)
"""A name that may mean two brands."""
NOBODY: Final = BrandMention("Abcx", (), exact=False)
"""A name that is no brand's."""


def record(brand: Brand, kind: ConsentType = MESAJ, status: Status = ONAY, days_ago: float = 30) -> Record:
    given = Instant(round(AT - days_ago * 86_400_000))
    source = Source.HS_WEB if status is ONAY else Source.IYS_WEB
    refused_at = None if status is ONAY else given
    return Record(NUMBER.reveal(), brand.code, kind, RecipientType.BIREYSEL, status, source, given, refused_at, None)


def objection(brand: Brand, kind: ConsentType = MESAJ, at: Instant = AT) -> Objection:
    return Objection(NUMBER.reveal(), brand.code, kind, Source.IYS_KISAMESAJ, at, "A0000003")


def holds(rows: Iterable[Record | Objection]) -> dict[str, ConsentState]:
    """What the registry holds, by brand."""
    held: dict[str, ConsentState] = {}
    for row in rows:
        standing = held.setdefault(row.brand_code, ConsentState({}, {}))
        if isinstance(row, Record):
            standing.records[row.type, row.recipient_type] = row
        else:
            standing.objections[row.type] = row
    return held


def scene(
    intent: Intent, held: Mapping[str, ConsentState] | None = None, conversation: Conversation = NEW, **fields: Any
) -> Scene:
    now = fields.pop("now", NOW)
    text = fields.pop("text", "")
    request = Request(fields.pop("door", Door.SMS), NUMBER, intent, text, b"raw", b"key", now)
    full = Scene(
        *(request, intent, text, conversation, held or {}, DIRECTORY.get, now, RECEIPT, CODE, CALENDAR, Rules(), None)
    )
    return full._replace(**fields)


def decided(
    intent: Intent, held: Mapping[str, ConsentState] | None = None, conversation: Conversation = NEW, **fields: Any
) -> Decision:
    return decide(scene(intent, held, conversation, **fields))


def after(held: Mapping[str, ConsentState], decision: Decision) -> dict[str, ConsentState]:
    """What the registry holds once the decision is written."""
    now = {code: ConsentState(dict(s.records), dict(s.objections)) for code, s in held.items()}
    for change in decision.changes:
        standing = now.setdefault(change.row.brand_code, ConsentState({}, {}))
        if isinstance(change.after, Record):
            standing.records[change.after.type, change.after.recipient_type] = change.after
        elif change.after is not None:
            standing.objections[change.after.type] = change.after
        else:
            del standing.objections[change.row.type]
    return now


def near(brand: Brand, typed: str = "slip") -> BrandMention:
    """A name with a slip in it, which only this brand can be."""
    return BrandMention(typed, (brand,), exact=False)


def ret(*brands: Brand, types: Types = ()) -> Ret:
    return Ret(tuple(map(BrandMention.of, brands)), types)


def onay(*brands: Brand, types: Types = ()) -> Onay:
    return Onay(tuple(map(BrandMention.of, brands)), types)


def durum(*brands: Brand) -> Durum:
    return Durum(tuple(map(BrandMention.of, brands)))


def sikayet(*brands: Brand) -> Sikayet:
    return Sikayet(tuple(map(BrandMention.of, brands)))


def alone(brand: Brand, types: Types = ()) -> BrandAlone:
    return BrandAlone(BrandMention.of(brand), types)


class Chat:
    """One citizen's conversation: each wish finds what those before it left."""

    def __init__(self, *rows: Record | Objection, rules: Rules | None = None) -> None:
        self.held = holds(rows)
        self.conversation = NEW
        self.now = NOW
        self.rules = rules or Rules()
        self.changes: tuple[Change, ...] = ()

    def wait(self, milliseconds: int) -> "Chat":
        self.now = Instant(self.now + milliseconds)
        return self

    def decide(self, intent: Intent, **fields: Any) -> Decision:
        """The decision, carried out."""
        decision = decided(intent, self.held, self.conversation, now=self.now, rules=self.rules, **fields)
        self.held, self.conversation, self.changes = after(self.held, decision), decision.conversation, decision.changes
        return decision

    def say(self, intent: Intent, **fields: Any) -> Answer | Unspoken:
        return self.decide(intent, **fields).answer

    def give(self, *rows: Record | Objection) -> None:
        """What a sender or another process writes in between."""
        for code, standing in holds(rows).items():
            held = self.held.setdefault(code, ConsentState({}, {}))
            held.records.update(standing.records)
            held.objections.update(standing.objections)

    def allowed(self) -> dict[str, Types]:
        """What is allowed, by brand code."""
        return {code: standing.allowed for code, standing in self.held.items() if standing.allowed}

    def objections(self) -> set[tuple[str, ConsentType]]:
        return {(code, kind) for code, standing in self.held.items() for kind in standing.objections}

"""One row of a consents file: what it says, and, pure, what becomes of it.

Codes in brackets are those of the İYS API 3.2.0 for the same fault. No reason ever repeats an address.
"""

import re
from datetime import datetime
from typing import Final, Literal, NamedTuple

from core.brands.brand import Brand
from core.conversation.consent_state import Change, ConsentState
from core.domain.clock import ISTANBUL, LEGAL_TIME, Instant, from_datetime, parse_legal_time
from core.domain.consent import ConsentType, RecipientType, Record, Source, Status
from core.domain.recipients import BadAddress, Email

COLUMNS: Final = ("recipient", "type", "status", "source", "consentDate", "recipientType", "brandCode")

_TYPES: Final = {member.value: member for member in ConsentType}
_STATUSES: Final = {member.value: member for member in Status}
_SOURCES: Final = {member.value: member for member in Source}
_RECIPIENT_TYPES: Final = {member.value: member for member in RecipientType} | {"": RecipientType.BIREYSEL}

_is_number: Final = re.compile(r"\+90[2-589][0-9]{9}").fullmatch
_is_mobile: Final = re.compile(r"\+905[0-9]{9}").fullmatch
# On the way of a million rows: a member looked up in its enumeration costs four times as much.
_MESAJ, _EPOSTA = ConsentType.MESAJ, ConsentType.EPOSTA
_ONAY, _RET = Status
_HS_2015, _HS_KARAR = Source.HS_2015, Source.HS_KARAR
_HS_2015_AT: Final = from_datetime(datetime(2015, 5, 1, tzinfo=ISTANBUL))

ImportKey = tuple[str, str, str, str, int, str]


class ImportRow(NamedTuple):
    """A row of a file: who, of which brand, gave or refused what, how and when (to the second)."""

    recipient: str
    brand_code: str
    type: ConsentType
    recipient_type: RecipientType
    status: Status
    source: Source
    at: Instant

    @property
    def key(self) -> ImportKey:
        """By what a row is known again. Not by its source: the same act at the same second is the same act."""
        recipient, brand_code, kind, recipient_type, status, _, at = self
        return recipient, brand_code, kind._value_, recipient_type._value_, at, status._value_


class Rejected(NamedTuple):
    reason: str


Verdict = Change | Literal["unchanged"] | Rejected


def read_import_row(fields: tuple[str, ...], now: Instant) -> ImportRow | Rejected:
    """Read a row's fields, in the order of `COLUMNS`, at the moment `now`."""
    recipient, type_name, status_name, source_name, date, recipient_type_name, brand_code = fields
    kind = _TYPES.get(type_name)
    if kind is None:
        return Rejected("type is not ARAMA, MESAJ or EPOSTA [H117]")
    address = _address(recipient, kind)
    if isinstance(address, Rejected):
        return address
    status = _STATUSES.get(status_name)
    if status is None:
        return Rejected("status is not ONAY or RET [H115]")
    source = _SOURCES.get(source_name)
    if source is None:
        return Rejected("source is not one of İYS [H119]")
    recipient_type = _RECIPIENT_TYPES.get(recipient_type_name)
    if recipient_type is None:
        return Rejected("recipientType is not BIREYSEL or TACIR [H116]")
    at = _moment(date, now)
    if isinstance(at, Rejected):
        return at
    if source is _HS_2015 and at != _HS_2015_AT:
        return Rejected("source HS_2015 goes with consentDate 2015-05-01 00:00:00 only [H155]")
    if source is _HS_KARAR and status is not _RET:
        return Rejected("source HS_KARAR goes with status RET only [H408]")
    return ImportRow(address, brand_code, kind, recipient_type, status, source, at)


def judge(
    act: ImportRow, brand: Brand | None, standing: ConsentState, is_taken: bool, void_before: Instant | None = None
) -> Verdict:
    """Decide what a row changes. `standing` is what the registry holds for its recipient and brand, `is_taken` whether
    an earlier import took the same act. `void_before` makes it a row of a sender's feed: acts before that moment are
    reported too late, and a RET needs a record; without it the row is one of a first load."""
    if is_taken:
        return "unchanged"
    if brand is None:
        return Rejected("brandCode is of no known brand [H018]")
    before = standing.records.get((act.type, act.recipient_type))
    if before is not None:
        if before.consent_at == act.at and before.status is act.status:
            return "unchanged"
        if before.consent_at > act.at:
            return Rejected("consentDate is older than the consent that stands [H178]")
        if before.consent_at == act.at and act.status is _ONAY:
            return Rejected("a RET of the same second stands [H178]")
    if void_before is not None and act.at < void_before:
        return Rejected("consentDate is older than 3 business days [H467]")
    if void_before is not None and act.status is _RET and before is None:
        return Rejected("a RET of which there is no record [H175]")
    if act.status is _RET:
        return Change(before, _refused(act, before))
    if brand.closed:
        return Rejected("the brand is closed: it can be given no ONAY")
    return _given(act, before, standing)


def _given(act: ImportRow, before: Record | None, standing: ConsentState) -> Verdict:
    record = _record(act, before.refused_at if before else None)
    objection = standing.objections.get(act.type)
    if objection is not None and objection.at >= act.at:
        ended = record._replace(
            status=_RET,
            source=objection.source,
            consent_at=objection.at,
            refused_at=objection.at,
            receipt=objection.receipt,
        )
        return Change(before, ended)
    if standing.records and any(_refused_at(other) >= act.at for other in standing.of_type(act.type)):
        return Rejected("the citizen refused at this date or later [H178]")
    return Change(before, record)


def _refused(act: ImportRow, before: Record | None) -> Record:
    refused_at = before.refused_at if before else None
    return _record(act, Instant(max(act.at, refused_at or act.at)) if act.source.is_citizens else refused_at)


def _refused_at(record: Record) -> Instant:
    """When the citizen last refused it; before all time if never."""
    by_record = record.status is _RET and record.source.is_citizens
    return max(record.refused_at or _NEVER, record.consent_at if by_record else _NEVER)


def _record(act: ImportRow, refused_at: Instant | None) -> Record:
    recipient, brand_code, kind, recipient_type, status, source, at = act
    return Record(recipient, brand_code, kind, recipient_type, status, source, at, refused_at, None)


def _address(text: str, kind: ConsentType) -> str | Rejected:
    if not text:
        return Rejected("recipient is missing [H114]")
    if kind is _EPOSTA:
        try:
            return Email.parse(text).reveal()
        except BadAddress:
            return Rejected("recipient is not an e-mail address [H120]")
    if _is_mobile(text):
        return text
    if not _is_number(text):
        return Rejected("recipient is not a phone number like +90 and ten digits [H121]")
    if kind is _MESAJ:
        return Rejected("recipient of a MESAJ is not a mobile number, +905 and nine digits [H121]")
    return text


def _moment(text: str, now: Instant) -> Instant | Rejected:
    try:
        at = parse_legal_time(text)
    except (ValueError, OverflowError):
        if LEGAL_TIME.fullmatch(text):
            return Rejected("consentDate is no date and time that exists [H157]")
        return Rejected("consentDate is not like YYYY-MM-DD HH:mm:ss [H158]")
    return Rejected("consentDate lies in the future [H162]") if at > now else at


_NEVER: Final = Instant(-(2**62))

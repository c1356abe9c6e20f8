"""The field's words as types, spelt as İYS spells them (İYS API 3.2.0, enumerations)."""

from enum import StrEnum
from typing import Final, NamedTuple

from core.domain.clock import Instant


class ConsentType(StrEnum):
    """The subject of a consent: calls, messages, e-mail."""

    ARAMA = "ARAMA"
    MESAJ = "MESAJ"
    EPOSTA = "EPOSTA"


class Status(StrEnum):
    ONAY = "ONAY"
    RET = "RET"


class RecipientType(StrEnum):
    """Private person or merchant; a property of the record, so one address may have one of each."""

    BIREYSEL = "BIREYSEL"
    TACIR = "TACIR"


class Source(StrEnum):
    """Where a consent came from: `HS_*` a sender's, `IYS_*` the registry's own doors."""

    HS_2015 = "HS_2015"
    HS_KARAR = "HS_KARAR"
    HS_FIZIKSEL_ORTAM = "HS_FIZIKSEL_ORTAM"
    HS_ISLAK_IMZA = "HS_ISLAK_IMZA"
    HS_ETKINLIK = "HS_ETKINLIK"
    HS_ATM = "HS_ATM"
    HS_EORTAM = "HS_EORTAM"
    HS_WEB = "HS_WEB"
    HS_MOBIL = "HS_MOBIL"
    HS_MESAJ = "HS_MESAJ"
    HS_EPOSTA = "HS_EPOSTA"
    HS_CAGRI_MERKEZI = "HS_CAGRI_MERKEZI"
    HS_SOSYAL_MEDYA = "HS_SOSYAL_MEDYA"
    IYS_KISAMESAJ = "IYS_KISAMESAJ"
    IYS_CM = "IYS_CM"
    IYS_WEB = "IYS_WEB"
    IYS_WEB_YENI = "IYS_WEB_YENI"
    IYS_MOBIL = "IYS_MOBIL"
    IYS_EPOSTA = "IYS_EPOSTA"
    IYS_AHS_HAT_KAPATMA = "IYS_AHS_HAT_KAPATMA"
    IYS_FRAME_EPOSTA = "IYS_FRAME_EPOSTA"
    IYS_FRAME_SMS = "IYS_FRAME_SMS"

    @property
    def is_citizens(self) -> bool:
        return self.startswith("IYS_")


PHONE_TYPES: Final = (ConsentType.ARAMA, ConsentType.MESAJ)


class Record(NamedTuple):
    """One consent record of the registry.

    `consent_at` is the act's own date to the second. `refused_at` is the newest refusal the citizen sent for it, also
    one that found it refused already: a sender's ONAY dated before that wish must not stand again.
    """

    recipient: str
    brand_code: str
    type: ConsentType
    recipient_type: RecipientType
    status: Status
    source: Source
    consent_at: Instant
    refused_at: Instant | None
    receipt: str | None


class Objection(NamedTuple):
    """A citizen's refusal for which no record stands (İYS: H175); it counts for both recipient types."""

    recipient: str
    brand_code: str
    type: ConsentType
    source: Source
    at: Instant
    receipt: str

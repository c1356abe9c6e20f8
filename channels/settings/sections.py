"""The sections of the settings file, with the contract's defaults.

Names ending in `_s` are seconds, `_days` days, `_hour`, `_minute` and `_day` counts in such a span. A
relative path counts from the settings file's folder and is absolute once read.
"""

from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr

from channels.settings.setting_types import (
    Address,
    Ascii,
    Charsets,
    DatabaseUrl,
    Day,
    File,
    Hours,
    Limit,
    Listen,
    Network,
    Octet,
    OpenHours,
    OptionalFile,
    Port,
    RefusalStatus,
    Seconds,
    SecondsOrOff,
    Secret,
    SmtpUrl,
    Tag,
    Tlvs,
    WebUrl,
)


class Section(BaseModel):
    """A table of the file: frozen, without unknown keys, without silent conversion."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, validate_default=True, hide_input_in_errors=True
    )


class Database(Section):
    """`[database]`. `pool_size` counts connections and is of use on PostgreSQL only."""

    url: DatabaseUrl = "sqlite+aiosqlite:///var/izinhatti.db"
    pool_size: int = Field(10, ge=1, le=1000)
    statement_timeout_s: Seconds = 5


class Line(Section):
    """`[line]`. `number` is the short number and the sender of answers, 3 to 15 digits."""

    number: str = Field("3338", pattern=r"^[0-9]{3,15}$")
    trusted_caller_id: bool = True


class Operator(Section):
    """`[[sms.operators]]`: one SMSC. Lengths are those of SMPP 3.4, 5.2; SMSCs take longer passwords.

    `rate` is submits a second and bind, 0 = no limit; `window` is unanswered submits a bind. TON and NPI are octets.
    `receive_host` and `receive_port` are a pair's own, empty and 0 for `host` and `port`; `submit_tlvs` maps a tag to
    hexadecimal octets, `charsets` a data_coding of what comes in to its alphabet. Statuses are SMPP command_status
    values, tags TLV tags, 0 = none.
    """

    name: Annotated[str, Field(pattern=r"^\S(.{0,62}\S)?$")]
    host: Annotated[Ascii, Field(min_length=1, max_length=253)]
    port: Port = 2775
    system_id: Annotated[Ascii, Field(max_length=15)]
    password: Annotated[Secret, Field(max_length=64)]
    system_type: Annotated[Ascii, Field(max_length=12)] = ""
    address_range: Annotated[Ascii, Field(max_length=40)] = ""
    bind: Literal["transceiver", "receiver", "transmitter", "pair"] = "transceiver"
    binds: int = Field(1, ge=1, le=64)
    window: int = Field(50, ge=1, le=10_000)
    rate: int = Field(100, ge=0, le=100_000)
    tls: bool = False
    tls_ca: OptionalFile = None
    tls_cert: OptionalFile = None
    tls_key: OptionalFile = None
    source_ton: Octet = 3
    source_npi: Octet = 0
    dest_ton: Octet = 1
    dest_npi: Octet = 1
    default_alphabet: Literal["gsm7", "latin1", "latin5", "packed"] = "gsm7"
    reply_alphabet: Literal["turkish-single", "turkish-locking", "ascii", "ucs2"] = "turkish-single"
    receipts: bool = True
    temporary_status: RefusalStatus = 20
    permanent_status: RefusalStatus = 101
    throttle_statuses: tuple[RefusalStatus, ...] = Field((88, 20), strict=False)
    id_tlv: Tag = 0
    time_tlv: Tag = 0
    enquire_link_s: Seconds = 30
    response_timeout_s: Seconds = 10
    receive_host: Annotated[Ascii, Field(max_length=253)] = ""
    receive_port: int = Field(0, ge=0, le=65535)
    interface_version: Literal[0x33, 0x34, 0x50] = 0x34
    validity: Literal["relative", "absolute", "none"] = "relative"
    reference_tlv: bool = True
    service_type: Annotated[Ascii, Field(max_length=5)] = ""
    protocol_id: Octet = 0
    priority: Octet = 0
    bind_ton: Octet = 0
    bind_npi: Octet = 0
    submit_tlvs: Tlvs = Field(default_factory=dict)
    charsets: Charsets = Field(default_factory=dict)
    message_statuses: tuple[RefusalStatus, ...] = Field((), strict=False)
    log_pdus: OptionalFile = None
    numbers: tuple[Annotated[str, Field(pattern=r"^[0-9]{3,15}$")], ...] = Field((), strict=False)


class Sms(Section):
    """`[sms]`. The door is there when an operator is."""

    operators: tuple[Operator, ...] = Field((), strict=False)


class Ami(Section):
    """`[ivr.ami]`: Asterisk's manager interface."""

    host: Annotated[Ascii, Field(min_length=1, max_length=253)] = "127.0.0.1"
    port: Port = 5038
    username: str = "izinhatti"
    secret: Secret = SecretStr("secret")


class Ivr(Section):
    """`[ivr]`. `agent` is the extension of a person, empty for none; `max_calls` counts calls at one time."""

    listen: Listen = Address("127.0.0.1", 4573)
    allowed: tuple[Network, ...] = Field((IPv4Network("127.0.0.1/32"),), strict=False)
    sounds: File = Path("var/sounds")
    agent: str = Field("", pattern=r"^[0-9A-Za-z]{0,32}$")
    max_calls: int = Field(100, ge=1, le=10_000)
    speech_command: str = ""
    ami: Ami = Field(default_factory=Ami)


class Link(Section):
    """`[link]`. `valid_days` may be a fraction; `requests_per_address_minute` 0 = no limit; `proxies` are addresses or
    networks of our own reverse proxies, whose X-Forwarded-For counts."""

    listen: Listen = Address("127.0.0.1", 8338)
    public_url: WebUrl = "http://127.0.0.1:8338"
    valid_days: float = Field(90, gt=0, le=3650, allow_inf_nan=False)
    requests_per_address_minute: Limit = 120
    proxies: tuple[Network, ...] = Field((), strict=False)


class Mail(Section):
    """`[mail]`. `dkim_key` is a PEM file; without it mail is unsigned."""

    smtp: SmtpUrl = "smtp://127.0.0.1:2525"
    sender: str = Field("bildirim@izin.example", pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)
    dkim_selector: Annotated[Ascii, Field(max_length=63)] = ""
    dkim_key: OptionalFile = None


class Notices(Section):
    """`[notices]`."""

    hours: OpenHours = Hours(9 * 60, 21 * 60)


class Calendar(Section):
    """`[calendar]`. `bridge_days` ("idari izin") are no business days: dates, or strings like 2026-10-30."""

    bridge_days: tuple[Day, ...] = Field((), strict=False)


class Ledger(Section):
    """`[ledger]`. The signing key is made at the first start."""

    anchor_file: File = Path("var/ledger.anchors")
    signing_key: File = Path("var/ledger.key")


class Limits(Section):
    """`[limits]`: 0 = no limit. They silence answers, never acts."""

    answers_per_number_hour: Limit = 20
    errors_per_number_hour: Limit = 1
    errors_per_prefix_minute: Limit = 1000
    codes_per_number_day: Limit = 5


class Timing(Section):
    """`[timing]`: seconds, fractions allowed, at most ten years. `dedupe_s` and `help_repeat_s` 0 = off."""

    question_s: Seconds = 86400
    confirm_code_s: Seconds = 600
    call_code_s: Seconds = 180
    part_s: Seconds = 3600
    dedupe_s: SecondsOrOff = 60
    redelivery_s: SecondsOrOff = 259200
    help_repeat_s: SecondsOrOff = 3600
    outbox_lease_s: Seconds = 30
    directory_refresh_s: Seconds = 2
    raw_text_s: Seconds = 15552000
    call_drain_s: SecondsOrOff = 120
    shutdown_s: Seconds = 30


class Admin(Section):
    """`[admin]`: `/healthz`, `/readyz` and `/metrics`."""

    listen: Listen = Address("127.0.0.1", 9338)


class Settings(Section):
    """All of it. `ivr`, `link` and `mail` are None when their section is not in the file."""

    _folder: Path = PrivateAttr(Path())

    database: Database = Field(default_factory=Database)
    line: Line = Field(default_factory=Line)
    sms: Sms = Field(default_factory=Sms)
    ivr: Ivr | None = None
    link: Link | None = None
    mail: Mail | None = None
    notices: Notices = Field(default_factory=Notices)
    calendar: Calendar = Field(default_factory=Calendar)
    ledger: Ledger = Field(default_factory=Ledger)
    limits: Limits = Field(default_factory=Limits)
    timing: Timing = Field(default_factory=Timing)
    admin: Admin = Field(default_factory=Admin)

    def model_post_init(self, context: Path | None, /) -> None:
        self._folder = context or Path()

    @property
    def voice(self) -> Ivr:
        """`[ivr]`, or what it is when it is not in the file."""
        return self.ivr or Ivr.model_validate({}, context=self._folder)

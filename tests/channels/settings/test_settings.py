"""The settings file against the contract: defaults, faults by key, environment, paths, masking."""

import tomllib
from collections.abc import Mapping
from datetime import date
from ipaddress import ip_network
from pathlib import Path
from typing import NamedTuple

import pytest

from channels.settings.setting_types import Address, Hours
from channels.settings.settings import Fault, Settings, SettingsError, as_toml, load

OPERATOR = """
[[sms.operators]]
name = "operator-a"
host = "127.0.0.1"
system_id = "izinhatti"
password = "gizli-1"
"""

# The example of the contract, less the [ivr], [link] and [mail] sections that stand below.
CONTRACT = """
[database]
url = "sqlite+aiosqlite:///var/izinhatti.db"
pool_size = 10
statement_timeout_s = 5

[line]
number = "3338"
trusted_caller_id = true

[[sms.operators]]
name = "operator-a"
host = "127.0.0.1"
port = 2775
system_id = "izinhatti"
password = "***"
system_type = ""
address_range = ""
bind = "transceiver"
binds = 1
window = 50
rate = 100
tls = false
source_ton = 3
source_npi = 0
dest_ton = 1
dest_npi = 1
default_alphabet = "gsm7"
reply_alphabet = "turkish-single"
receipts = true
temporary_status = 20
permanent_status = 101
throttle_statuses = [88, 20]
id_tlv = 0
time_tlv = 0
enquire_link_s = 30
response_timeout_s = 10
receive_host = ""
receive_port = 0
interface_version = 52
validity = "relative"
reference_tlv = true
service_type = ""
protocol_id = 0
priority = 0
bind_ton = 0
bind_npi = 0
submit_tlvs = {}
charsets = {}
message_statuses = []
numbers = []

[notices]
hours = "09:00-21:00"

[calendar]
bridge_days = []

[ledger]
anchor_file = "var/ledger.anchors"
signing_key = "var/ledger.key"

[limits]
answers_per_number_hour = 20
errors_per_number_hour = 1
errors_per_prefix_minute = 1000
codes_per_number_day = 5

[timing]
question_s = 86400
confirm_code_s = 600
call_code_s = 180
part_s = 3600
dedupe_s = 60
redelivery_s = 259200
help_repeat_s = 3600
outbox_lease_s = 30
directory_refresh_s = 2
raw_text_s = 15552000
call_drain_s = 120
shutdown_s = 30

[admin]
listen = "127.0.0.1:9338"
"""

DOORS = """
[ivr]
listen = "127.0.0.1:4573"
allowed = ["127.0.0.1/32"]
sounds = "var/sounds"
agent = ""
max_calls = 100
speech_command = ""
[ivr.ami]
host = "127.0.0.1"
port = 5038
username = "izinhatti"
secret = "***"

[link]
listen = "127.0.0.1:8338"
public_url = "http://127.0.0.1:8338"
valid_days = 90
requests_per_address_minute = 120
proxies = []

[mail]
smtp = "smtp://127.0.0.1:2525"
sender = "bildirim@izin.example"
dkim_selector = ""
dkim_key = ""
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def loaded(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Settings:
    file = folder / "izinhatti.toml"
    file.write_text(text, encoding="utf-8")
    return load(file, environ or {})


def found(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> tuple[Fault, ...]:
    with pytest.raises(SettingsError) as error:
        loaded(folder, text, environ)
    return error.value.faults


class Bad(NamedTuple):
    label: str
    text: str
    key: str
    reason: str
    environ: Mapping[str, str] = {}


BAD = [
    Bad("unknown section", "[databse]\nurl = 'x'", "databse", "no such setting"),
    Bad("unknown key", "[link]\nvalid_day = 3", "link.valid_day", "no such setting"),
    Bad("unknown key of an operator", OPERATOR + "colour = 1", "sms.operators[0].colour", "no such setting"),
    Bad("section that is no table", "database = 3", "database", "must be a table"),
    Bad("operators that are no list", "sms.operators = 3", "sms.operators", "must be a list"),
    Bad(
        "operator without password",
        OPERATOR.replace("password", "#"),
        "sms.operators[0].password",
        "must be set",
    ),
    Bad("port 0", OPERATOR + "port = 0", "sms.operators[0].port", "greater than or equal to 1"),
    Bad("port 65536", OPERATOR + "port = 65536", "sms.operators[0].port", "less than or equal to 65535"),
    Bad("port as text", OPERATOR + 'port = "2775"', "sms.operators[0].port", "valid integer"),
    Bad("port as truth", OPERATOR + "port = true", "sms.operators[0].port", "valid integer"),
    Bad("window of none", OPERATOR + "window = 0", "sms.operators[0].window", "greater than or equal to 1"),
    Bad(
        "system_id over 15",
        OPERATOR.replace("izinhatti", "x" * 16),
        "sms.operators[0].system_id",
        "must have at most 15",
    ),
    Bad("Turkish password", OPERATOR.replace("gizli", "ğ"), "sms.operators[0].password", "printable ASCII"),
    Bad(
        "status 0 as refusal",
        OPERATOR + "temporary_status = 0",
        "sms.operators[0].temporary_status",
        "greater",
    ),
    Bad(
        "status 0 as throttle",
        OPERATOR + "throttle_statuses = [0]",
        "sms.operators[0].throttle_statuses[0]",
        "",
    ),
    Bad("equal statuses", OPERATOR + "permanent_status = 20", "sms.operators[0].permanent_status", "for ever"),
    Bad(
        "unknown alphabet",
        OPERATOR + 'default_alphabet = "gsm8"',
        "sms.operators[0].default_alphabet",
        "'gsm7'",
    ),
    Bad(
        "Turkish answers in latin5",
        OPERATOR + 'default_alphabet = "latin5"',
        "sms.operators[0].reply_alphabet",
        "turkish-single needs default_alphabet gsm7 or packed",
    ),
    Bad(
        "Turkish locking answers in latin1",
        OPERATOR + 'default_alphabet = "latin1"\nreply_alphabet = "turkish-locking"',
        "sms.operators[0].reply_alphabet",
        "turkish-locking needs default_alphabet gsm7 or packed",
    ),
    Bad(
        "wait as long as the lease",
        OPERATOR + "response_timeout_s = 30",
        "sms.operators[0].response_timeout_s",
        "must be below timing.outbox_lease_s (30)",
    ),
    Bad(
        "receiver's host without a pair",
        OPERATOR + 'receive_host = "b"',
        "sms.operators[0].receive_host",
        "a pair alone",
    ),
    Bad(
        "receiver's port without a pair", OPERATOR + "receive_port = 7", "sms.operators[0].receive_port", "a pair alone"
    ),
    Bad("receiver's port", OPERATOR + "receive_port = 65536", "sms.operators[0].receive_port", "less than or equal"),
    Bad("unknown version", OPERATOR + "interface_version = 53", "sms.operators[0].interface_version", "51, 52 or 80"),
    Bad("unknown validity", OPERATOR + 'validity = "soon"', "sms.operators[0].validity", "'relative'"),
    Bad("reference as text", OPERATOR + 'reference_tlv = "no"', "sms.operators[0].reference_tlv", "valid boolean"),
    Bad("service_type over 5", OPERATOR + 'service_type = "abcdef"', "sms.operators[0].service_type", "at most 5"),
    Bad("protocol_id over an octet", OPERATOR + "protocol_id = 256", "sms.operators[0].protocol_id", "less than"),
    Bad("priority below 0", OPERATOR + "priority = -1", "sms.operators[0].priority", "greater than"),
    Bad("bind_ton over an octet", OPERATOR + "bind_ton = 256", "sms.operators[0].bind_ton", "less than"),
    Bad("bind_npi over an octet", OPERATOR + "bind_npi = 256", "sms.operators[0].bind_npi", "less than"),
    Bad("TLV by name", OPERATOR + 'submit_tlvs = { x = "00" }', "sms.operators[0].submit_tlvs", "tags like 0x1403"),
    Bad("half an octet", OPERATOR + 'submit_tlvs = { 0x1403 = "0" }', "sms.operators[0].submit_tlvs", "in hexadecimal"),
    Bad(
        "one tag twice",
        OPERATOR + 'submit_tlvs = { 0x14 = "00", 0x0014 = "01" }',
        "sms.operators[0].submit_tlvs",
        "each tag once",
    ),
    Bad("charset of 256", OPERATOR + 'charsets = { 256 = "utf-8" }', "sms.operators[0].charsets", "0 to 255"),
    Bad(
        "unknown charset", OPERATOR + 'charsets = { 0 = "ebcdic" }', "sms.operators[0].charsets", "must be one of gsm7"
    ),
    Bad(
        "status 0 of a message", OPERATOR + "message_statuses = [0]", "sms.operators[0].message_statuses[0]", "greater"
    ),
    Bad("further number in letters", OPERATOR + 'numbers = ["33E9"]', "sms.operators[0].numbers[0]", "pattern"),
    Bad("log that is no path", OPERATOR + "log_pdus = 3", "sms.operators[0].log_pdus", "path of a file"),
    Bad("two operators of one name", OPERATOR + OPERATOR, "sms.operators[1].name", "sms.operators[0]"),
    Bad(
        "two operators of one name in the environment",
        OPERATOR + OPERATOR.replace("operator-a", "OPERATOR.A"),
        "sms.operators[1].name",
        "cannot be told from",
    ),
    Bad("number with letters", '[line]\nnumber = "33E8"', "line.number", "pattern"),
    Bad("number as a number", "[line]\nnumber = 3338", "line.number", "valid string"),
    Bad("no wait", "[timing]\nshutdown_s = 0", "timing.shutdown_s", "greater than 0"),
    Bad("endless wait", "[timing]\nshutdown_s = inf", "timing.shutdown_s", "finite number"),
    Bad("negative limit", "[limits]\ncodes_per_number_day = -1", "limits.codes_per_number_day", "greater than"),
    Bad("listen without port", '[admin]\nlisten = "127.0.0.1"', "admin.listen", "must be host:port"),
    Bad("listen on port 65536", '[admin]\nlisten = "127.0.0.1:65536"', "admin.listen", "0 to 65535"),
    Bad("listen without host", '[admin]\nlisten = ":80"', "admin.listen", "must be host:port"),
    Bad("listen on a bare IPv6", '[admin]\nlisten = "::1:80"', "admin.listen", "must be host:port"),
    Bad("listen as a number", "[admin]\nlisten = 80", "admin.listen", "must be a string"),
    Bad("hours backwards", '[notices]\nhours = "21:00-09:00"', "notices.hours", "start before it ends"),
    Bad("hours of nothing", '[notices]\nhours = "09:00-09:00"', "notices.hours", "start before it ends"),
    Bad("hours past midnight", '[notices]\nhours = "09:00-24:01"', "notices.hours", "on the same day"),
    Bad("hours in words", '[notices]\nhours = "all day"', "notices.hours", "like 09:00-21:00"),
    Bad("31 February", '[calendar]\nbridge_days = ["2026-02-31"]', "calendar.bridge_days[0]", "day"),
    Bad("day as a number", "[calendar]\nbridge_days = [20261030]", "calendar.bridge_days[0]", "valid date"),
    Bad("speech command", '[ivr]\nspeech_command = "say {text}"', "ivr.speech_command", "must hold {file}"),
    Bad("network with host bits", '[ivr]\nallowed = ["10.0.0.1/8"]', "ivr.allowed[0]", "host bits"),
    Bad(
        "address that is no URL",
        '[link]\npublic_url = "izin.example"',
        "link.public_url",
        "http://host:port or https://host:port",
    ),
    Bad("URL with a broken port", '[mail]\nsmtp = "smtp://ben:gizli#1@h"', "mail.smtp", "smtp://host:port or"),
    Bad("link that lives no time", "[link]\nvalid_days = 0", "link.valid_days", "greater than 0"),
    Bad("empty path", '[ledger]\nanchor_file = ""', "ledger.anchor_file", "path"),
    Bad("database in memory", '[database]\nurl = "sqlite+aiosqlite:///:memory:"', "database.url", "outlive"),
    Bad("unknown database", '[database]\nurl = "mysql://x/y"', "database.url", "must begin with"),
    Bad("no database", '[database]\nurl = "postgresql+asyncpg://h"', "database.url", "name a database"),
    Bad("bad port", '[database]\nurl = "postgresql+asyncpg://h:x/d"', "database.url", "@host:port/database"),
    Bad("only receivers", OPERATOR + 'bind = "receiver"', "sms.operators", "none of them can send"),
    Bad("only transmitters", OPERATOR + 'bind = "transmitter"', "sms.operators", "none of them receives"),
    Bad("CA without TLS", OPERATOR + 'tls_ca = "ca.pem"', "sms.operators[0].tls_ca", "of no use without tls"),
    Bad("no such CA", OPERATOR + 'tls = true\ntls_ca = "ca.pem"', "sms.operators[0].tls_ca", "No such file"),
    Bad("CA that is none", OPERATOR + 'tls = true\ntls_ca = "izinhatti.toml"', "sms.operators[0].tls_ca", "no cert"),
    Bad("key alone", OPERATOR + 'tls = true\ntls_key = "k.pem"', "sms.operators[0].tls_key", "needs tls_cert"),
    Bad(
        "certificate that is none",
        OPERATOR + 'tls = true\ntls_cert = "izinhatti.toml"',
        "sms.operators[0].tls_cert",
        "no certificate and unencrypted key",
    ),
    Bad(
        "the same TLV for two things",
        OPERATOR + "id_tlv = 5121\ntime_tlv = 5121",
        "sms.operators[0].time_tlv",
        "same as id_tlv",
    ),
    Bad("unknown variable", "", "IZINHATTI_DATABASE_URL", "no such setting", {"IZINHATTI_DATABASE_URL": "x"}),
    Bad("variable of a section", "", "IZINHATTI_LINK", "no such setting", {"IZINHATTI_LINK": "x"}),
    Bad("variable below a key", "", "IZINHATTI_LINE__NUMBER__X", "no such", {"IZINHATTI_LINE__NUMBER__X": "1"}),
    Bad(
        "variable of a wrong type",
        "",
        "database.pool_size",
        "integer",
        {"IZINHATTI_DATABASE__POOL_SIZE": "ten"},
    ),
    Bad(
        "variable of no list",
        "",
        "calendar.bridge_days",
        "must be a list",
        {"IZINHATTI_CALENDAR__BRIDGE_DAYS": "soon"},
    ),
    Bad(
        "operator in the environment only",
        OPERATOR,
        "IZINHATTI_SMS__OPERATORS__OPERATOR_B__PASSWORD",
        "no operator named OPERATOR_B in the settings file",
        {"IZINHATTI_SMS__OPERATORS__OPERATOR_B__PASSWORD": "gizli-2"},
    ),
    Bad(
        "variable that means two operators",
        OPERATOR + OPERATOR.replace("operator-a", "operator.a"),
        "IZINHATTI_SMS__OPERATORS__OPERATOR_A__PORT",
        "several operators are named OPERATOR_A",
        {"IZINHATTI_SMS__OPERATORS__OPERATOR_A__PORT": "1"},
    ),
    Bad(
        "unknown key of an operator in the environment",
        OPERATOR,
        "IZINHATTI_SMS__OPERATORS__OPERATOR_A__COLOUR",
        "no such setting",
        {"IZINHATTI_SMS__OPERATORS__OPERATOR_A__COLOUR": "1"},
    ),
]


@pytest.mark.parametrize("bad", BAD, ids=[b.label for b in BAD])
def test_a_setting_that_cannot_work_is_one_fault_with_its_key(folder: Path, bad: Bad) -> None:
    faults_found = found(folder, bad.text, bad.environ)

    named = [f for f in faults_found if f.key == bad.key and bad.reason in f.reason]
    assert named, faults_found
    assert all("gizli" not in str(f) and "\n" not in str(f) for f in faults_found)


class Broken(NamedTuple):
    label: str
    octets: bytes
    line: int


BROKEN = [
    Broken("no value", b"[line]\nnumber =\n", 2),
    Broken("no closing quote at the end", b'[line]\n\nnumber = "33', 3),
    Broken("key set twice", b'[line]\nnumber = "1"\nnumber = "2"\n', 3),
    Broken("not UTF-8", b'[line]\n# \xfe\nnumber = "1"\n', 2),
]


@pytest.mark.parametrize("broken", BROKEN, ids=[b.label for b in BROKEN])
def test_a_file_that_is_no_toml_is_one_fault_with_its_line(folder: Path, broken: Broken) -> None:
    file = folder / "line.toml"
    file.write_bytes(broken.octets)

    with pytest.raises(SettingsError) as error:
        load(file, {})

    [fault] = error.value.faults
    assert fault.key == f"{file}:{broken.line}"
    assert fault.reason


def test_every_fault_of_a_file_is_found_in_one_go(folder: Path) -> None:
    text = '[line]\nnumber = "x"\n[admin]\nlisten = "y"\n'

    keys = [f.key for f in found(folder, text, {"IZINHATTI_X": "1"})]

    assert keys == ["IZINHATTI_X", "line.number", "admin.listen"]


def test_the_defaults_are_those_of_the_contract(folder: Path) -> None:
    shown = tomllib.loads(as_toml(loaded(folder, OPERATOR + "[ivr]\n[link]\n[mail]\n")))

    expected = tomllib.loads(CONTRACT + DOORS)
    expected["database"]["url"] = f"sqlite+aiosqlite:///{folder}/var/izinhatti.db"
    expected["ledger"] = {k: str(folder / v) for k, v in expected["ledger"].items()}
    expected["ivr"]["sounds"] = str(folder / "var/sounds")
    del expected["mail"]["dkim_key"]
    assert shown == expected


def test_the_example_of_the_contract_is_taken_as_it_stands(folder: Path) -> None:
    assert loaded(folder, CONTRACT + DOORS).timing.shutdown_s == 30


def test_doors_without_a_section_are_none(folder: Path) -> None:
    settings = loaded(folder, "")

    assert (settings.ivr, settings.link, settings.mail) == (None, None, None)
    assert settings.sms.operators == ()


def test_values_come_as_types(folder: Path) -> None:
    text = (
        "[notices]\nhours = '00:00-24:00'\n[calendar]\nbridge_days = [2026-10-30, '2026-05-25']\n"
        "[ivr]\nlisten = '[::1]:0'\nallowed = ['10.0.0.0/8', '::1']\n[link]\nvalid_days = 0.5\n"
        "public_url = 'https://izin.example/'\n"
    )

    settings = loaded(folder, text)

    assert settings.notices.hours == Hours(0, 1440)
    assert settings.calendar.bridge_days == (date(2026, 10, 30), date(2026, 5, 25))
    assert settings.ivr is not None
    assert settings.ivr.listen == Address("::1", 0)
    assert settings.ivr.allowed == (ip_network("10.0.0.0/8"), ip_network("::1/128"))
    assert settings.link is not None
    assert (settings.link.valid_days, settings.link.public_url) == (0.5, "https://izin.example")


def test_the_environment_stands_over_the_file(folder: Path) -> None:
    environ = {
        "IZINHATTI_DATABASE__URL": "sqlite+aiosqlite:////srv/line.db",
        "IZINHATTI_LINE__NUMBER": "4609",
        "IZINHATTI_LINE__TRUSTED_CALLER_ID": "false",
        "IZINHATTI_TIMING__PART_S": "0.5",
        "IZINHATTI_CALENDAR__BRIDGE_DAYS": '["2026-10-30"]',
        "IZINHATTI_IVR__AMI__PORT": "5039",
        "IZINHATTI_SMS__OPERATORS__OPERATOR_A__PASSWORD": "gizli-2",
        "IZINHATTI_SMS__OPERATORS__OPERATOR_A__SYSTEM_ID": "2775",
        "IZINHATTI_SMS__OPERATORS__OPERATOR_A__THROTTLE_STATUSES": "[8, 100]",
        "IZINHATTI_CONFIG": "elsewhere.toml",
        "PATH": "/bin",
    }

    settings = loaded(folder, OPERATOR + "port = 1\n[line]\nnumber = '3338'\n", environ)

    assert settings.database.url == "sqlite+aiosqlite:////srv/line.db"
    assert (settings.line.number, settings.line.trusted_caller_id) == ("4609", False)
    assert settings.timing.part_s == 0.5
    assert settings.calendar.bridge_days == (date(2026, 10, 30),)
    assert settings.ivr is not None
    assert settings.ivr.ami.port == 5039
    [operator] = settings.sms.operators
    assert operator.password.get_secret_value() == "gizli-2"
    assert (operator.system_id, operator.port, operator.throttle_statuses) == ("2775", 1, (8, 100))


@pytest.mark.parametrize(
    ("name", "spelt"),
    [
        ("operator-a", "OPERATOR_A"),
        ("op 2", "OP_2"),
        ("Türk.Tel", "T_RK_TEL"),
        ("a--b", "A__B"),
        ("a-", "A_"),
    ],
)
def test_an_operator_is_addressed_by_its_name_in_capitals(folder: Path, name: str, spelt: str) -> None:
    text = OPERATOR.replace("operator-a", name)

    settings = loaded(folder, text, {f"IZINHATTI_SMS__OPERATORS__{spelt}__PORT": "7"})

    assert settings.sms.operators[0].port == 7


def test_relative_paths_count_from_the_folder_of_the_file(folder: Path) -> None:
    (folder / "etc").mkdir()
    file = folder / "etc" / "line.toml"
    file.write_text(OPERATOR + "[mail]\ndkim_key = 'dkim.pem'\n[ledger]\nsigning_key = '/keys/k'\n[ivr]\n")

    settings = load(Path("etc/line.toml"), {"IZINHATTI_DATABASE__URL": "sqlite+aiosqlite:///a/b.db?timeout=3"})

    assert settings.database.url == f"sqlite+aiosqlite:///{folder}/etc/a/b.db?timeout=3"
    assert settings.ledger.anchor_file == folder / "etc/var/ledger.anchors"
    assert settings.ledger.signing_key == Path("/keys/k")
    assert settings.ivr is not None
    assert settings.ivr.sounds == folder / "etc/var/sounds"
    assert settings.mail is not None
    assert settings.mail.dkim_key == folder / "etc/dkim.pem"
    assert settings.sms.operators[0].tls_key is None


def test_the_voice_of_a_file_without_that_section_counts_from_its_folder_too(folder: Path) -> None:
    (folder / "etc").mkdir()
    (folder / "etc" / "line.toml").write_text(OPERATOR)

    settings = load(Path("etc/line.toml"), {})

    assert settings.ivr is None
    assert settings.voice.sounds == folder / "etc/var/sounds"


def test_the_file_named_comes_before_the_variable_and_the_usual_one(folder: Path) -> None:
    for name, number in (("named.toml", "111"), ("variable.toml", "222"), ("izinhatti.toml", "333")):
        (folder / name).write_text(f'[line]\nnumber = "{number}"\n')
    environ = {"IZINHATTI_CONFIG": "variable.toml"}

    assert load(Path("named.toml"), environ).line.number == "111"
    assert load(None, environ).line.number == "222"
    assert load(None, {}).line.number == "333"


def test_without_any_file_the_defaults_count_from_the_working_folder(folder: Path) -> None:
    assert load(None, {}).ledger.signing_key == folder / "var/ledger.key"


@pytest.mark.parametrize(
    ("path", "environ"), [(Path("gone.toml"), {}), (None, {"IZINHATTI_CONFIG": "gone.toml"}), (Path(), {})]
)
def test_a_file_named_that_cannot_be_read_is_a_fault(path: Path | None, environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as error:
        load(path, environ)

    [fault] = error.value.faults
    assert fault.key == str(path or "gone.toml")


def test_a_byte_order_mark_is_no_fault(folder: Path) -> None:
    assert loaded(folder, '\ufeff[line]\nnumber = "4609"\n').line.number == "4609"


def test_nothing_shown_or_printed_holds_a_secret(folder: Path) -> None:
    text = (
        OPERATOR
        + "[ivr.ami]\nsecret = 'gizli-2'\n[mail]\nsmtp = 'smtp://ben:gizli-3@mail.example:25'\n"
        + "[database]\nurl = 'sqlite+aiosqlite:///x.db?a=1&password=gizli-4'\n"
    )

    settings = loaded(folder, text)

    assert "gizli" not in as_toml(settings) + repr(settings)
    shown = tomllib.loads(as_toml(settings))
    assert shown["sms"]["operators"][0]["password"] == "***"
    assert shown["ivr"]["ami"]["secret"] == "***"
    assert shown["mail"]["smtp"] == "smtp://ben:***@mail.example:25"
    assert shown["database"]["url"].endswith("x.db?a=1&password=***")


def test_the_password_of_postgresql_is_not_shown(folder: Path) -> None:
    settings = loaded(folder, "[database]\nurl = 'postgresql+asyncpg://line:gizli@db.example:5432/line'\n")

    assert "gizli" not in as_toml(settings) + repr(settings)
    shown = tomllib.loads(as_toml(settings))
    assert shown["database"]["url"] == "postgresql+asyncpg://line:***@db.example:5432/line"

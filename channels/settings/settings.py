"""Reading, checking and showing the settings.

They are read once at start, from the file and the environment handed in, and checked whole: every fault is
found in one go.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import tomli_w
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from channels.settings.environment import CONFIG, environment_name, overlay
from channels.settings.faults import Fault, SettingsError
from channels.settings.sections import Operator, Settings
from channels.settings.tls import tls_faults
from ivr.speaker import Speaker

__all__ = ["Fault", "Settings", "SettingsError", "as_toml", "faults", "load"]

_USUAL = Path("izinhatti.toml")
_REASONS = {
    "extra_forbidden": "no such setting",
    "missing": "must be set",
    "model_type": "must be a table",
    "tuple_type": "must be a list",
}


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read the settings from `path`, `$IZINHATTI_CONFIG` or `./izinhatti.toml`, else take the defaults.

    Raises SettingsError with every fault found. Relative paths come back absolute.
    """
    path = path or _chosen(environ)
    table = {} if path is None else _read(path)
    found = overlay(table, environ)
    for name, field in Settings.model_fields.items():
        if field.is_required() or field.default_factory is not None:
            table.setdefault(name, {})
    folder = (path or _USUAL).absolute().parent
    try:
        settings = Settings.model_validate(table, context=folder)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        raise SettingsError([*found, *map(_fault, details)]) from None
    found += faults(settings)
    if found:
        raise SettingsError(found)
    return settings


def faults(settings: Settings) -> list[Fault]:
    """Find settings that contradict each other, or ask for what is not there."""
    return list(_contradictions(settings))


def as_toml(settings: Settings) -> str:
    """Write the settings out whole, secrets masked."""
    return tomli_w.dumps(settings.model_dump(exclude_none=True))


def _chosen(environ: Mapping[str, str]) -> Path | None:
    if named := environ.get(CONFIG):
        return Path(named)
    return _USUAL if _USUAL.exists() else None


def _read(path: Path) -> dict[str, object]:
    try:
        octets = path.read_bytes()
    except OSError as error:
        raise SettingsError([Fault(str(path), error.strerror or "cannot be read")]) from error
    try:
        return tomllib.loads(octets.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise SettingsError([Fault(f"{path}:{line}", "is not UTF-8")]) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([_syntax_fault(path, str(error), octets)]) from None


def _syntax_fault(path: Path, message: str, octets: bytes) -> Fault:
    match = re.fullmatch(r"(?P<reason>.*) \(at (line (?P<line>\d+), column \d+|end of document)\)", message)
    reason = match["reason"] if match else message
    line = match["line"] if match and match["line"] else octets.count(b"\n") + 1
    return Fault(f"{path}:{line}", reason)


def _fault(details: ErrorDetails) -> Fault:
    key = ""
    for part in details["loc"]:
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if key else part
    reason = _REASONS.get(details["type"], details["msg"])
    return Fault(key, re.sub(r"^\w+ should", "must", reason.removeprefix("Value error, ")))


def _contradictions(settings: Settings) -> Iterator[Fault]:
    names: dict[str, int] = {}
    for index, operator in enumerate(settings.sms.operators):
        key = f"sms.operators[{index}]"
        first = names.setdefault(environment_name(operator.name), index)
        if first != index:
            yield Fault(f"{key}.name", f"cannot be told from the name of sms.operators[{first}]")
        for part, reason in _operator(operator, settings.timing.outbox_lease_s):
            yield Fault(f"{key}.{part}", reason)
    kinds = {operator.bind for operator in settings.sms.operators}
    for useless, reason in (("transmitter", "none of them receives messages"), ("receiver", "none of them can send")):
        if kinds == {useless}:
            yield Fault("sms.operators", reason)
    if settings.ivr is not None:
        try:
            Speaker.parse(settings.ivr.speech_command)
        except ValueError as error:
            yield Fault("ivr.speech_command", str(error))


def _operator(operator: Operator, outbox_lease_s: float) -> Iterator[tuple[str, str]]:
    turkish = operator.reply_alphabet in ("turkish-single", "turkish-locking")
    if turkish and operator.default_alphabet not in ("gsm7", "packed"):
        yield "reply_alphabet", f"{operator.reply_alphabet} needs default_alphabet gsm7 or packed"
    if operator.temporary_status == operator.permanent_status:
        yield (
            "permanent_status",
            "is the same as temporary_status: a broken message would come again for ever",
        )
    if operator.id_tlv and operator.id_tlv == operator.time_tlv:
        yield "time_tlv", "is the same as id_tlv"
    for part in ("receive_host", "receive_port"):
        if getattr(operator, part) and operator.bind != "pair":
            yield part, "is of use to a pair alone"
    yield from tls_faults(operator)
    if operator.response_timeout_s >= outbox_lease_s:
        yield "response_timeout_s", f"must be below timing.outbox_lease_s ({outbox_lease_s:g})"

"""Environment variables laid over the settings file: `IZINHATTI_DATABASE__URL`, operators by name."""

import tomllib
import types
import typing
from collections.abc import Mapping, MutableMapping

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from channels.settings.faults import Fault
from channels.settings.sections import Operator, Settings

PREFIX = "IZINHATTI_"
CONFIG = "IZINHATTI_CONFIG"
_OPERATORS = "SMS__OPERATORS__"


def overlay(table: MutableMapping[str, object], environ: Mapping[str, str]) -> list[Fault]:
    """Write each `IZINHATTI_…` variable into `table`; return one fault for each that names no setting.

    A value that does not read as its setting's type is written as it is: the check of the whole finds it.
    """
    faults = []
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable == CONFIG:
            continue
        path = variable.removeprefix(PREFIX)
        if path.startswith(_OPERATORS):
            reason = _set_operator(table, path.removeprefix(_OPERATORS), environ[variable])
        else:
            reason = _set(table, Settings, path.lower().split("__"), environ[variable])
        if reason:
            faults.append(Fault(variable, reason))
    return faults


def environment_name(name: str) -> str:
    """Spell an operator's name as variables do: capitals and digits, every other character `_`."""
    return "".join(c.upper() if c.isascii() and c.isalnum() else "_" for c in name)


def _set(table: MutableMapping[str, object], model: type[BaseModel], keys: list[str], text: str) -> str:
    key, *rest = keys
    field = model.model_fields.get(key)
    section = _section(field) if field else None
    if field is None or (section is None) != (not rest):
        return "no such setting"
    if section is None:
        table[key] = _value(field, text)
        return ""
    inner = table.setdefault(key, {})
    return _set(inner, section, rest, text) if isinstance(inner, dict) else ""


def _set_operator(table: Mapping[str, object], path: str, text: str) -> str:
    name, _, key = path.rpartition("__")
    operators = _operators(table)
    named = [o for o in operators if environment_name(str(o.get("name", ""))) == name]
    if not named:
        return f"no operator named {name or path} in the settings file"
    if len(named) > 1:
        return f"several operators are named {name}"
    return _set(named[0], Operator, [key.lower()], text)


def _operators(table: Mapping[str, object]) -> list[dict[str, object]]:
    sms = table.get("sms")
    operators = sms.get("operators") if isinstance(sms, dict) else None
    return [o for o in operators if isinstance(o, dict)] if isinstance(operators, list) else []


def _section(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    kinds = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    for each in kinds:
        if isinstance(each, type) and issubclass(each, BaseModel):
            return each
    return None


def _value(field: FieldInfo, text: str) -> object:
    if typing.get_origin(field.annotation) is tuple:
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            return text
    if field.annotation in (bool, int, float):
        try:
            return TypeAdapter[object](field.annotation).validate_strings(text)
        except ValidationError:
            return text
    return text

"""Settings of the contract that this version cannot fulfil: each stops the start with one line."""

from collections.abc import Iterator

from channels.faults import Fault
from channels.sections import Operator, Settings
from channels.setting_types import POSTGRESQL


def not_yet(settings: Settings) -> Iterator[Fault]:
    """Yield a fault for each setting that this version does not have."""
    if settings.database.url.startswith(POSTGRESQL):
        yield Fault("database.url", "PostgreSQL is not supported yet, use sqlite+aiosqlite")
    if len(settings.sms.operators) > 1:
        yield Fault("sms.operators", "more than one operator is not supported yet")
    for index, operator in enumerate(settings.sms.operators):
        for key, reason in _operator(operator):
            yield Fault(f"sms.operators[{index}].{key}", f"{reason} not supported yet")


def _operator(operator: Operator) -> Iterator[tuple[str, str]]:
    if operator.bind != "transceiver":
        yield "bind", f"{operator.bind} is"
    if operator.binds > 1:
        yield "binds", "more than one bind is"
    if operator.tls:
        yield "tls", "TLS is"

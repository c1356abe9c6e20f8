"""Serving processes as they are shipped, each bound to an operator of its own."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from tests.bench.registry.machine import cpu_s
from tests.bench.registry.operator import Load, Outcome
from tests.bench.registry.places import Place

_STOP_S: Final = 60.0
_SETTINGS: Final = """
[database]
url = "{url}"
[ledger]
anchor_file = "anchors-{name}"
signing_key = "key"
[admin]
listen = "127.0.0.1:0"
"""
_OPERATOR: Final = """
[[sms.operators]]
name = "bench"
host = "127.0.0.1"
port = {port}
system_id = "bench"
password = "bench"
window = 50
rate = 0
"""


class Measured(NamedTuple):
    """`line_cpu` and the others are in processors: 0.5 is half of one for all of the time."""

    outcomes: list[Outcome]
    seconds: float
    line_cpu: float
    operator_cpu: float
    server_cpu: float

    @property
    def rate(self) -> float:
        return sum(len(one.told_ms) for one in self.outcomes) / self.seconds

    def __str__(self) -> str:
        return (
            f"{self.rate:,.0f}; processors: lines {self.line_cpu:.2f}, database {self.server_cpu:.2f}, "
            f"operators {self.operator_cpu:.2f}"
        )


class Lines:
    """Bound, and waiting for what comes."""

    def __init__(
        self, place: Place, served: "Sequence[subprocess.Popen[bytes]]", operators: "Sequence[subprocess.Popen[str]]"
    ) -> None:
        self._place = place
        self._served = served
        self._operators = operators

    def begin(self) -> None:
        self._before = self._cpu()
        self._began = time.perf_counter()
        self._order("begin")

    def stop(self) -> None:
        """Let the operators bring nothing more."""
        self._order("stop")

    def measured(self) -> Measured:
        """Once all is answered. Raises RuntimeError when an operator or a line gave up."""
        outcomes = [Outcome(*json.loads(_line_of(one))) for one in self._operators]
        seconds = time.perf_counter() - self._began
        lines, server = (after - before for after, before in zip(self._cpu(), self._before, strict=True))
        operators = sum(one.cpu_s for one in outcomes)
        return Measured(outcomes, seconds, lines / seconds, operators / seconds, server / seconds)

    def _order(self, word: str) -> None:
        for one in self._operators:
            assert one.stdin is not None
            one.stdin.write(f"{word}\n")
            one.stdin.flush()

    def _cpu(self) -> tuple[float, float]:
        return sum(cpu_s(one.pid) for one in self._served), self._place.server_cpu_s()


@contextmanager
def lines(place: Place, folder: Path, loads: Sequence[Load]) -> Iterator[Lines]:
    """A process for each load; they have ended well when this has."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        operators, served = [], []
        for number, load in enumerate(loads):
            operator = subprocess.Popen(
                [sys.executable, "-m", "tests.bench.registry.operator", *map(str, load)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            stack.callback(operator.wait)
            stack.callback(operator.kill)
            operators.append(operator)
            settings = settings_file(place, folder, str(number), int(_line_of(operator)))
            line = subprocess.Popen([sys.executable, "-m", "channels.cli", "serve", "--config", settings])
            stack.callback(line.wait)
            stack.callback(line.kill)
            served.append(line)
        for operator in operators:
            _line_of(operator)
        yield Lines(place, served, operators)
        for line in served:
            line.send_signal(signal.SIGTERM)
        for line in served:
            if line.wait(_STOP_S):
                raise RuntimeError(f"a line ended with {line.returncode}")


def settings_file(place: Place, folder: Path, name: str, port: int = 0) -> Path:
    """With an operator where it has a port."""
    path = folder / f"{name}.toml"
    settings = _SETTINGS.format(url=place.url, name=name)
    path.write_text(settings + _OPERATOR.format(port=port) if port else settings)
    return path


def _line_of(operator: "subprocess.Popen[str]") -> str:
    assert operator.stdout is not None
    line = operator.stdout.readline()
    if not line:
        raise RuntimeError("an operator gave up")
    return line

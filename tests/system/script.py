"""Conversations as readable scripts: what stands in the registry, what is texted, what comes back, what stands then.

    # a comment
    + MESAJ MIGROS 2025-03-12 10:15   a permission; `-` a refusal, `+tacir` one for a TACİR
    > RET MIGROS                      the citizen's text (`\\n` is a line break)
    < MIGROS için … {day} … {no}.     the answer, whole; none: silence
    = MESAJ MIGROS RET                what stands then: ONAY, RET or objection
    $ lines close {number}            a command of `izinhatti`, which must exit 0
    wait 1.5                          seconds, real ones: until a question has ended

In an answer {no} is a receipt, {code} six digits, {day} the last lawful day, {today} the date, {time} the hour and
minute, {now} date and time, {any} anything; a `{no}` or `{code}` in a later text is the last one received, `{no1}` the
first.
"""

import re
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

FOLDER: Final = Path(__file__).with_name("conversations")

_PATTERNS: Final = {
    "no": r"(?P<no>[A-Z][0-9A-Z]{7})",
    "code": r"(?P<code>[0-9]{6})",
    "time": r"[0-2][0-9]:[0-5][0-9]",
    "any": r".+",
}


class Step(NamedTuple):
    line: int
    sign: str
    text: str


class Script(NamedTuple):
    name: str
    steps: tuple[Step, ...]

    @classmethod
    def read(cls, path: Path) -> "Script":
        steps = []
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if line and not line.startswith("#"):
                sign, _, text = line.partition(" ")
                steps.append(Step(number, sign, text))
        return cls(path.stem, tuple(steps))

    @property
    def given(self) -> list[Step]:
        """What stands in the registry before the first text."""
        return [step for step in self.steps if step.sign in ("+", "-", "+tacir")]


def scripts(folder: Path) -> list[Script]:
    return [Script.read(path) for path in sorted(folder.glob("*.txt"))]


class Expected:
    """Patterns of answers, and what their placeholders caught."""

    def __init__(self, last_lawful_day: str, now: datetime) -> None:
        self._fixed = {
            "day": last_lawful_day,
            "today": f"{now:%d.%m.%Y}",
            "now": rf"{now:%d.%m.%Y} [0-2][0-9]:[0-5][0-9]",
        }
        self.caught: dict[str, str] = {}
        self._receipts = 0

    def matches(self, pattern: str, answer: str) -> bool:
        """Whether the whole answer is as written; keeps its receipt and code."""
        parts = re.split(r"\{(\w+)\}", pattern.replace("\\n", "\n"))
        regex, seen = "", set[str]()
        for index, part in enumerate(parts):
            if index % 2 == 0:
                regex += re.escape(part)
            elif part in self.caught and part not in ("no", "code"):
                regex += re.escape(self.caught[part])
            elif part in seen:
                regex += f"(?P={part})"
            else:
                regex += (self._fixed | _PATTERNS)[part]
                seen.add(part)
        found = re.fullmatch(regex, answer)
        if found is None:
            return False
        self._keep(found.groupdict())
        return True

    def _keep(self, groups: dict[str, str]) -> None:
        self.caught.update(groups)
        if receipt := groups.get("no"):
            self._receipts += 1
            self.caught[f"no{self._receipts}"] = receipt

    def filled(self, text: str) -> str:
        """A text to send or a command to run, with what was caught before."""
        return re.sub(r"\{(\w+)\}", lambda match: self.caught[match[1]], text).replace("\\n", "\n")

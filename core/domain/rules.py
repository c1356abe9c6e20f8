"""Rules of the settings about conversations: lives of questions, budgets of answers, what counts as a repeat."""

from typing import NamedTuple


class Rules(NamedTuple):
    """Spans in milliseconds, `dedupe_ms` 0 = off; counts 0 = no limit. `voice_number` is where the line can be called,
    None where it cannot. `code_key` keys the HMACs of codes: processes that share a database share it."""

    question_ms: int = 86_400_000
    confirm_code_ms: int = 600_000
    call_code_ms: int = 180_000
    help_repeat_ms: int = 3_600_000
    dedupe_ms: int = 60_000
    redelivery_ms: int = 259_200_000
    answers_per_number_hour: int = 20
    errors_per_number_hour: int = 1
    errors_per_prefix_minute: int = 1000
    codes_per_number_day: int = 5
    voice_number: str | None = None
    code_key: bytes = bytes(32)

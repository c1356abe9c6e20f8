"""The settings of conversations, as the core reads them."""

from channels.settings.sections import Settings
from core.domain.rules import Rules


def rules_of(settings: Settings, code_key: bytes, *, voice: bool = False) -> Rules:
    """`voice`: the line can be called. Spans become milliseconds."""
    limits, timing = settings.limits, settings.timing
    return Rules(
        question_ms=round(timing.question_s * 1000),
        confirm_code_ms=round(timing.confirm_code_s * 1000),
        call_code_ms=round(timing.call_code_s * 1000),
        help_repeat_ms=round(timing.help_repeat_s * 1000),
        dedupe_ms=round(timing.dedupe_s * 1000),
        redelivery_ms=round(timing.redelivery_s * 1000),
        answers_per_number_hour=limits.answers_per_number_hour,
        errors_per_number_hour=limits.errors_per_number_hour,
        errors_per_prefix_minute=limits.errors_per_prefix_minute,
        codes_per_number_day=limits.codes_per_number_day,
        voice_number=settings.line.number if voice else None,
        code_key=code_key,
    )

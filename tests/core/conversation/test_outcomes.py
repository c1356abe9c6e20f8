"""Every answer has a word for its request's row and the metrics."""

from typing import get_args

from core.conversation.answers import Answer, Unspoken
from core.conversation.outcomes import OUTCOMES


def test_every_answer_has_a_word() -> None:
    assert set(OUTCOMES) == {*get_args(Answer), *get_args(Unspoken)}
    assert all(word and word.isascii() for word in OUTCOMES.values())

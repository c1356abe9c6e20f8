"""What is remembered is what would be read."""

from collections.abc import Callable

import pytest

from core.brands.brand import Brand
from core.brands.directory import Directory
from core.conversation.requests import Reading, Ret
from sms.reader import remembered
from sms.reader.read import read
from sms.reader.remembered import LETTERS_MAX, RememberedReader

MIGROS = Brand("600100", "MIGROS")


def noting(asked: list[str]) -> Callable[[str, Directory], Reading]:
    def noted(text: str, directory: Directory) -> Reading:
        asked.append(text)
        return read(text, directory)

    return noted


def brands(reader: RememberedReader, text: str) -> list[str]:
    intent = reader(text).intent
    assert isinstance(intent, Ret)
    return [brand.code for mention in intent.mentions for brand in mention.brands]


def test_a_text_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(remembered, "read", noting(asked))
    reader = RememberedReader(Directory([MIGROS]))

    assert brands(reader, "RET MIGROS") == brands(reader, "RET MIGROS") == ["600100"]

    assert asked == ["RET MIGROS"]


def test_a_changed_directory_is_seen() -> None:
    directory = Directory()
    reader = RememberedReader(directory)
    assert brands(reader, "RET MIGROS") == []

    directory.apply([MIGROS])
    assert brands(reader, "RET MIGROS") == ["600100"]

    directory.apply([MIGROS._replace(name="BOYNER")])
    assert brands(reader, "RET MIGROS") == []


@pytest.mark.parametrize("size", [LETTERS_MAX - 1, LETTERS_MAX, LETTERS_MAX + 1])
def test_a_longer_text_is_not_remembered(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    asked: list[str] = []
    monkeypatch.setattr(remembered, "read", noting(asked))
    reader, text = RememberedReader(Directory([MIGROS])), "x" * size

    assert reader(text) == reader(text)

    assert len(asked) == (1 if size <= LETTERS_MAX else 2)

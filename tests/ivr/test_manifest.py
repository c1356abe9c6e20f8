"""What each prompt was made from, over restarts."""

from pathlib import Path

import pytest

from core.conversation.requests import Language
from ivr.manifest import Manifest, from_recording, from_text
from ivr.sound import Pauses
from ivr.speaker import Speaker
from ivr.texts.catalog import Line

AROUND = Pauses(0.02, 0.3)
MADE = from_text(Line("Merhaba.", Language.TR), AROUND, Speaker())


def test_what_was_noted_is_known_after_a_restart(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    assert not manifest.has("tr/welcome", MADE)

    manifest.note("tr/welcome", MADE)
    manifest.write()

    assert Manifest(tmp_path).has("tr/welcome", MADE)
    assert not Manifest(tmp_path).has("en/welcome", MADE)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(from_text(Line("Merhaba!", Language.TR), AROUND, Speaker()), id="text"),
        pytest.param(from_text(Line("Merhaba.", Language.EN), AROUND, Speaker()), id="voice"),
        pytest.param(from_text(Line("Merhaba.", Language.TR), Pauses(0, 0.3), Speaker()), id="pauses"),
        pytest.param(from_text(Line("Merhaba.", Language.TR), AROUND, Speaker(("say", "{file}"))), id="program"),
    ],
)
def test_whatever_changes_makes_it_another(tmp_path: Path, other: dict[str, str]) -> None:
    manifest = Manifest(tmp_path)
    manifest.note("tr/welcome", MADE)

    assert not manifest.has("tr/welcome", other)


def test_a_recording_is_told_by_its_size_and_time(tmp_path: Path) -> None:
    recording = tmp_path / "welcome.wav"
    recording.write_bytes(b"one")
    first = from_recording(recording, AROUND)

    recording.write_bytes(b"another")

    assert from_recording(recording, AROUND) != first
    assert from_recording(recording, AROUND) == from_recording(recording, AROUND)


@pytest.mark.parametrize("octets", [b"", b"{", b"\xff", b"[]", b"null", b'{"tr/welcome": 1}'])
def test_a_broken_manifest_knows_nothing(tmp_path: Path, octets: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(octets)

    assert not Manifest(tmp_path).has("tr/welcome", MADE)

"""Sounds: levels, silence and lengths of what sox makes, and files that are whole at any moment."""

from pathlib import Path

import pytest

from ivr.programs import RenderFailed
from ivr.sound import WITHIN, Pauses, Sound, file_of, is_there, pauses, sound_of, twin, write_sound, write_whole
from tests.ivr.alaw import FRAME_OCTETS, SILENCE, peak, record, seconds

LIMIT_S = 20.0


@pytest.mark.parametrize(
    ("text", "around"),
    [
        ("için bire basın.", Pauses(0.02, 0.3)),
        ("İyi günler.", Pauses(0.2, 0.3)),
        ("Reklamlar en geç", Pauses(0.2, 0.06)),
        ("İşlem numaranız:", Pauses(0.2, 0.3)),
        ("dokuz,", Pauses(0.02, 0.2)),
        ("yirmi altı Kasım", Pauses(0.02, 0.06)),
    ],
)
def test_signs_and_capitals_make_the_pauses(text: str, around: Pauses) -> None:
    assert pauses(text) == around


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 48000])
@pytest.mark.parametrize("channels", [1, 2])
async def test_a_recording_of_any_rate_becomes_one_channel_of_8000_hz(tmp_path: Path, rate: int, channels: int) -> None:
    recording = record(tmp_path / "a.wav", 1, rate=rate, channels=channels)

    sound = await sound_of(recording, Pauses(0, 0), LIMIT_S)

    assert seconds(sound.usual) == pytest.approx(1.0, abs=0.06)
    assert seconds(sound.slow) == pytest.approx(1 / 0.75, abs=0.08)


async def test_a_voice_on_one_channel_only_is_heard(tmp_path: Path) -> None:
    recording = record(tmp_path / "a.wav", 1, "remix", "0", "1", channels=1)

    usual, _ = await sound_of(recording, Pauses(0, 0), LIMIT_S)

    assert seconds(usual) == pytest.approx(1.0, abs=0.06)
    assert peak(usual) == pytest.approx(10 ** (-4 / 20), abs=0.03)


@pytest.mark.parametrize("volume", ["0.02", "0.5", "1"])
async def test_loud_and_quiet_recordings_come_to_one_level(tmp_path: Path, volume: str) -> None:
    recording = record(tmp_path / "a.wav", 1, "vol", volume)

    for octets in await sound_of(recording, WITHIN, LIMIT_S):
        assert peak(octets) == pytest.approx(10 ** (-4 / 20), abs=0.03)


async def test_silence_around_a_recording_gives_way_to_the_pauses(tmp_path: Path) -> None:
    recording = record(tmp_path / "a.wav", 1, "pad", "2", "3")

    usual, slow = await sound_of(recording, Pauses(0.2, 0.3), LIMIT_S)

    assert seconds(usual) == pytest.approx(1.5, abs=0.06)
    for octets in (usual, slow):
        assert set(octets[:1600]) == {SILENCE}
        assert set(octets[-2400:]) == {SILENCE}


async def test_a_sound_is_whole_frames(tmp_path: Path) -> None:
    for length_s in (0.5, 0.501, 0.5199):
        sound = await sound_of(record(tmp_path / "a.wav", length_s), WITHIN, LIMIT_S)

        assert [len(octets) % FRAME_OCTETS for octets in sound] == [0, 0]


async def test_a_recording_is_cut_after_two_minutes(tmp_path: Path) -> None:
    recording = record(tmp_path / "a.wav", 130, rate=8000, channels=1)

    sound = await sound_of(recording, Pauses(0, 0), LIMIT_S)

    assert seconds(sound.usual) == pytest.approx(120, abs=0.1)


@pytest.mark.parametrize(
    ("length_s", "volume"), [pytest.param(1, "0", id="silence"), pytest.param(0.01, "1", id="a click")]
)
async def test_a_recording_without_a_word_is_refused(tmp_path: Path, length_s: float, volume: str) -> None:
    with pytest.raises(RenderFailed, match="nothing is heard"):
        await sound_of(record(tmp_path / "a.wav", length_s, "vol", volume), WITHIN, LIMIT_S)


def test_both_paces_are_written(tmp_path: Path) -> None:
    stem = tmp_path / "tr" / "main-menu"

    write_sound(Sound(b"usual", b"slow"), stem)

    assert (tmp_path / "tr/main-menu.alaw").read_bytes() == b"usual"
    assert (tmp_path / "tr/slow/main-menu.alaw").read_bytes() == b"slow"
    assert is_there(stem)


def test_others_may_read_what_is_written(tmp_path: Path) -> None:
    """Asterisk runs as a user of its own."""
    write_whole(tmp_path / "a.alaw", b"new")
    (tmp_path / "as usual").touch()

    assert (tmp_path / "a.alaw").stat().st_mode == (tmp_path / "as usual").stat().st_mode


@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize("is_empty", [False, True])
def test_a_sound_is_there_only_when_both_paces_are(tmp_path: Path, slow: bool, is_empty: bool) -> None:
    stem = tmp_path / "a"
    write_sound(Sound(b"usual", b"slow"), stem)
    path = file_of(twin(stem) if slow else stem)

    if is_empty:
        path.write_bytes(b"")
    else:
        path.unlink()

    assert not is_there(stem)


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.alaw"
    write_whole(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")

    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("a.alaw", b"old")]

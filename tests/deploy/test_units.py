"""The systemd units: what systemd says of them, and that they fit the program and its settings."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from channels.commands.serve import DOORS
from channels.settings.sections import Settings
from channels.settings.settings import load
from tests.deploy.commands import fault_of
from tests.deploy.units import COMMON, DOOR, FOLDER, value, values

PROGRAM = "/usr/local/bin/izinhatti"
SERVICES = [f"izinhatti-door@{door}.service" for door in DOORS] + [
    path.name for path in sorted(FOLDER.glob("*.service")) if "@" not in path.name
]
TIMERS = [path.name for path in sorted(FOLDER.glob("*.timer"))]
EXPOSURE_MAX = 20  # tenths, of systemd's 0 (safe) to 10
LATEST_S = 60


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units as they lie in /etc/systemd/system, the program being this one."""
    folder = tmp_path_factory.mktemp("system")
    shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
    for unit in folder.glob("*.service"):
        unit.write_text(unit.read_text().replace(PROGRAM, str(Path(sys.executable).parent / "izinhatti")))
    for door in DOORS:
        (folder / f"izinhatti-door@{door}.service").symlink_to(DOOR.name)
    return folder


def analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, timeout=LATEST_S, check=False
    )


@pytest.mark.parametrize("unit", [*SERVICES, *TIMERS])
def test_systemd_finds_no_fault(installed: Path, unit: str) -> None:
    result = analyze("verify", str(installed / unit))

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_can_do_little_else(installed: Path, unit: str) -> None:
    result = analyze("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", "--no-pager", str(installed / unit))

    assert result.returncode == 0, result.stdout.splitlines()[-1]


@pytest.mark.parametrize("timer", TIMERS)
def test_a_timer_names_a_moment_and_a_service(timer: str) -> None:
    result = analyze("calendar", value(FOLDER / timer, "OnCalendar"))

    assert result.returncode == 0, result.stderr
    assert timer.replace(".timer", ".service") in SERVICES


def commands() -> Iterator[tuple[str, list[str]]]:
    """What the services run of ours: the words behind the program."""
    for unit in SERVICES:
        path = DOOR if "@" in unit else FOLDER / unit
        door = unit.partition("@")[2].removesuffix(".service")
        _, _, words = value(path, "ExecStart").replace("%i", door).partition(f"{PROGRAM} ")
        yield unit, words.strip("'").split()


@pytest.mark.parametrize(("unit", "words"), [pytest.param(*given, id=given[0]) for given in commands()])
def test_the_program_has_the_command_and_its_options(unit: str, words: list[str]) -> None:
    assert words
    assert fault_of(words) is None


def test_a_stop_takes_less_than_systemd_waits_for() -> None:
    timing = Settings().timing

    assert int(value(DOOR, "TimeoutStopSec")) > timing.call_drain_s + timing.shutdown_s


def test_statements_of_a_slow_database_are_no_hang() -> None:
    half = int(value(DOOR, "WatchdogSec")) / 2

    assert half >= 5 * Settings().database.statement_timeout_s


def test_each_door_has_an_admin_address_of_its_own() -> None:
    addresses = set()
    for door in DOORS:
        environ = dict(line.split("=", 1) for line in (FOLDER / f"{door}.env").read_text().splitlines())
        addresses.add(load(FOLDER.parent / "izinhatti.toml", environ).admin.listen)

    assert len(addresses) == len(DOORS)
    assert value(DOOR, "EnvironmentFile") == "/etc/izinhatti/%i.env"


def test_files_of_the_sample_settings_lie_where_the_service_may_write() -> None:
    settings = load(FOLDER.parent / "izinhatti.toml", {})
    folders = [Path("/var/lib") / name for name in values(COMMON, "StateDirectory")[0].split()]
    files = [
        Path(settings.database.url.partition("://")[2][1:]),
        settings.ledger.anchor_file,
        settings.ledger.signing_key,
    ]

    assert [file for file in files if file.parent not in folders] == []

"""What systemd sets for a service, and what is told to its socket."""

import os
from pathlib import Path

import pytest

from channels.service.supervisor import Supervisor
from tests.channels.notify_socket import notify_socket

SOCKET = {"NOTIFY_SOCKET": "/run/systemd/notify"}
OURS, OTHERS = str(os.getpid()), str(os.getpid() + 1)


@pytest.mark.parametrize(
    ("environ", "supervisor"),
    [
        pytest.param({}, Supervisor(), id="nobody supervises"),
        pytest.param({"NOTIFY_SOCKET": ""}, Supervisor(), id="empty"),
        pytest.param({"WATCHDOG_USEC": "60000000"}, Supervisor(), id="a watchdog without a socket"),
        pytest.param(SOCKET, Supervisor("/run/systemd/notify"), id="without a watchdog"),
        pytest.param({"NOTIFY_SOCKET": "@notify"}, Supervisor("@notify"), id="an abstract address"),
        pytest.param(
            SOCKET | {"WATCHDOG_USEC": "1500000"}, Supervisor("/run/systemd/notify", 1.5), id="a watchdog for whoever"
        ),
        pytest.param(
            SOCKET | {"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": OURS},
            Supervisor("/run/systemd/notify", 60.0),
            id="a watchdog for us",
        ),
        pytest.param(
            SOCKET | {"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": OTHERS},
            Supervisor("/run/systemd/notify"),
            id="a watchdog for the process that started us",
        ),
    ],
)
def test_what_systemd_sets(environ: dict[str, str], supervisor: Supervisor) -> None:
    assert Supervisor.of(environ) == supervisor


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        pytest.param({"NOTIFY_SOCKET": "notify"}, "NOTIFY_SOCKET: must be a path, or begin with @", id="relative"),
        *(
            pytest.param(
                SOCKET | {"WATCHDOG_USEC": text},
                "WATCHDOG_USEC: must be a number of microseconds",
                id=f"watchdog {text}",
            )
            for text in ("0", "-1", "1.5", "x", "٣")
        ),
    ],
)
def test_what_systemd_never_sets_is_named(environ: dict[str, str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Supervisor.of(environ)


@pytest.mark.parametrize("abstract", [pytest.param(False, id="a path"), pytest.param(True, id="an abstract address")])
def test_lines_are_one_datagram(tmp_path: Path, abstract: bool) -> None:
    with notify_socket(tmp_path, abstract=abstract) as systemd:
        taken = Supervisor(systemd.address).tell(["READY=1", "STATUS=hazır"])

        assert taken
        assert systemd._receiver.recv(100) == "READY=1\nSTATUS=hazır".encode()


def test_a_systemd_that_is_gone_takes_nothing(tmp_path: Path) -> None:
    assert not Supervisor(str(tmp_path / "notify")).tell(["READY=1"])


def test_a_systemd_that_does_not_read_is_not_waited_for(tmp_path: Path) -> None:
    with notify_socket(tmp_path) as systemd:
        supervisor = Supervisor(systemd.address)

        taken = [supervisor.tell(["WATCHDOG=1"]) for _ in range(10_000)]

        assert taken[0]
        assert not taken[-1]


def test_nobody_is_told_where_nobody_supervises() -> None:
    assert Supervisor().tell(["READY=1"])

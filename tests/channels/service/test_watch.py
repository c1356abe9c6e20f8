"""What the supervisor hears of a service, look by look."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from channels.service.supervisor import Supervisor
from channels.service.watch import STATUS_MAX, Watch
from tests.channels.notify_socket import NotifySocket, notify_socket

SIGN, PATIENCE = "WATCHDOG=1", "EXTEND_TIMEOUT_USEC=60000000"


class State:
    """How a service is, as the watch sees it."""

    def __init__(self) -> None:
        self.missing: list[str] = []
        self.busy_s = 0.0

    def watch(self, address: str, watchdog_s: float | None = 60.0) -> Watch:
        return Watch(Supervisor(address, watchdog_s), lambda: self.missing, lambda: self.busy_s)


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[NotifySocket]:
    with notify_socket(tmp_path) as systemd:
        yield systemd


@pytest.fixture
def state() -> State:
    return State()


def test_ready_is_said_once_and_only_when_nothing_is_missing(systemd: NotifySocket, state: State) -> None:
    watch = state.watch(systemd.address)
    looks = []

    for state.missing in (["sms a: bind refused", "ivr: no"], ["ivr: no"], [], [], ["ivr: no"]):
        watch.look()
        looks.append(systemd.take())

    assert looks == [
        [SIGN, PATIENCE, "STATUS=sms a: bind refused; ivr: no"],
        [SIGN, PATIENCE, "STATUS=ivr: no"],
        [SIGN, "READY=1", "STATUS=ready"],
        [SIGN],
        [SIGN, "STATUS=ivr: no"],
    ]


@pytest.mark.parametrize(
    ("busy_s", "signs"),
    [
        pytest.param(0.0, 1, id="between transactions"),
        pytest.param(29.9, 1, id="in one below half the watchdog's time"),
        pytest.param(30.0, 0, id="in one of half the watchdog's time"),
    ],
)
def test_a_writer_that_does_not_come_back_ends_the_signs_of_life(
    systemd: NotifySocket, state: State, busy_s: float, signs: int
) -> None:
    watch = state.watch(systemd.address)

    state.busy_s = busy_s
    watch.look()

    assert systemd.take().count(SIGN) == signs


def test_the_signs_begin_again_when_the_writer_comes_back(systemd: NotifySocket, state: State) -> None:
    watch = state.watch(systemd.address)
    state.busy_s = 31.0
    watch.look()

    state.busy_s = 0.0
    watch.look()

    assert systemd.take().count(SIGN) == 1


def test_without_a_watchdog_there_is_no_sign_of_life(systemd: NotifySocket, state: State) -> None:
    state.watch(systemd.address, watchdog_s=None).look()

    assert systemd.take() == ["READY=1", "STATUS=ready"]


def test_the_end_is_said_once_while_signs_go_on(systemd: NotifySocket, state: State) -> None:
    watch = state.watch(systemd.address)
    watch.look()
    systemd.take()

    watch.stop()
    watch.look()

    assert systemd.take() == [SIGN, "STATUS=stopping", "STOPPING=1", SIGN]


def test_a_service_that_ends_before_it_was_ready_never_says_so(systemd: NotifySocket, state: State) -> None:
    state.watch(systemd.address).stop()

    assert systemd.take() == [SIGN, PATIENCE, "STATUS=stopping", "STOPPING=1"]


def test_what_was_not_taken_is_said_again(tmp_path: Path, state: State) -> None:
    watch = state.watch(str(tmp_path / "notify"))
    watch.look()

    with notify_socket(tmp_path) as systemd:
        watch.look()

        assert systemd.take() == [SIGN, "READY=1", "STATUS=ready"]


@pytest.mark.parametrize("length", [STATUS_MAX - 1, STATUS_MAX, STATUS_MAX + 1])
def test_a_status_has_an_end(systemd: NotifySocket, state: State, length: int) -> None:
    state.missing = ["x" * length]

    state.watch(systemd.address).look()

    assert f"STATUS={'x' * min(length, STATUS_MAX)}" in systemd.take()

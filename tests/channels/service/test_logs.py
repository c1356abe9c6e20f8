"""What goes to standard error."""

import io
import json
import logging

import pytest
import structlog

from channels.service.logs import configure_logs
from core.domain.recipients import Msisdn


@pytest.fixture
def stderr(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    configure_logs()
    return stream


def test_our_lines_and_those_of_libraries_are_json_with_numbers_masked(stderr: io.StringIO) -> None:
    structlog.get_logger(component="test").info("taken", recipient=Msisdn.parse("+905321234567"))
    logging.getLogger("library").warning("slow")

    ours, theirs = map(json.loads, stderr.getvalue().splitlines())
    assert (ours["event"], ours["level"], ours["component"]) == ("taken", "info", "test")
    assert ours["recipient"] == "+90…67"
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("slow", "warning", "library")


def test_a_closed_standard_error_stops_nobody(stderr: io.StringIO) -> None:
    stderr.close()

    structlog.get_logger().error("nobody hears it")


def test_an_exception_is_named_by_type_and_place_without_its_words(stderr: io.StringIO) -> None:
    try:
        raise KeyError("+905321234567")
    except KeyError:
        structlog.get_logger().error("ours", exc_info=True)
        logging.getLogger("library").exception("theirs")

    text = stderr.getvalue()
    assert "905321234567" not in text
    for line in map(json.loads, text.splitlines()):
        assert line["error"] == "KeyError"
        assert line["where"][-1].startswith("test_logs.py:")

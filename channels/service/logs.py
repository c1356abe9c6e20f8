"""Logs: JSON lines on standard error, our own and those of the libraries alike."""

import logging
import sys
import traceback
from pathlib import Path

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_OURS = "izinhatti"
_FRAMES_MAX = 8


def configure_logs() -> None:
    """Called once, when a command begins. Numbers and texts never get here in clear: they are masked types.

    All lines go through one handler of the standard library, which does not raise: a standard error that was closed
    must not end the writer in the middle of its work.
    """
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _where,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: logging.getLogger(_OURS),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _render],
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
        )
    )
    logging.raiseExceptions = False
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger(_OURS).setLevel(logging.INFO)


def _where(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """An exception by its type and place. Its own words stay out: they may repeat a number or a text."""
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)[-_FRAMES_MAX:]
        event["error"] = type(error).__name__
        event["where"] = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def _render(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return orjson.dumps(event, default=str).decode()

"""Structured logs on standard error: our own and the libraries', all in one format."""

import logging
import sys
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict, Processor

from infrastructure.operations.printable import printable
from infrastructure.settings.settings import Settings

_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


class LossyStream:
    """Where logs go: a line that can't be written, as on a full disk or where whoever reads has
    closed it, is lost, and counted.

    Nobody's answer may hang on whether it can be logged. The next line that can be written says how
    many were lost before it.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lost = 0

    def write(self, line: str) -> None:
        try:
            self._stream.write(line)
            self._stream.flush()
        except (OSError, ValueError):  # the latter where the stream was closed
            self._lost += 1
        else:
            self._lost = 0

    def flush(self) -> None:
        """Each line is flushed as it is written."""

    def say_lost(self, _logger: Any, _method: str, line: EventDict) -> EventDict:
        """Adds to a line how many were lost before."""
        return {**line, "lost_lines": self._lost} if self._lost else line


def configure_logging(settings: Settings) -> None:
    """Has everything logged as the settings say."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    renderers, stream = _renderers(settings), LossyStream(sys.stderr)
    before = [*_SHARED, stream.say_lost]
    structlog.configure(
        processors=[*before, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", stream)),
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_formatter(before, renderers))
    # What libraries have to say below a warning is about themselves.
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


def _renderers(settings: Settings) -> list[Processor]:
    is_terminal = sys.stderr.isatty()
    if settings.log_format == "console" or (settings.log_format == "auto" and is_terminal):
        return [_printable, structlog.dev.ConsoleRenderer(colors=is_terminal)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _printable(_logger: Any, _method: str, line: EventDict) -> EventDict:
    return {
        name: printable(value) if isinstance(value, str) else value for name, value in line.items()
    }


def _formatter(before: list[Processor], renderers: list[Processor]) -> logging.Formatter:
    remove: Any = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return structlog.stdlib.ProcessorFormatter(
        processors=[remove, *renderers], foreign_pre_chain=before
    )

"""Structured logs on standard error: our own and the libraries', all in one format."""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import Processor

from infrastructure.settings.settings import Settings

_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure_logging(settings: Settings) -> None:
    """Has everything logged as the settings say."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    renderers = _renderers(settings)
    structlog.configure(
        processors=[*_SHARED, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(renderers))
    # What libraries have to say below a warning is about themselves.
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


def _renderers(settings: Settings) -> list[Processor]:
    is_terminal = sys.stderr.isatty()
    if settings.log_format == "console" or (settings.log_format == "auto" and is_terminal):
        return [structlog.dev.ConsoleRenderer(colors=is_terminal)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _formatter(renderers: list[Processor]) -> logging.Formatter:
    remove: Any = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return structlog.stdlib.ProcessorFormatter(
        processors=[remove, *renderers], foreign_pre_chain=_SHARED
    )

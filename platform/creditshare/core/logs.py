"""Structured logs as JSON lines. Personal data and submitted content never go in: log ids, counts and codes."""

from __future__ import annotations

import logging
import sys
from typing import Any

import orjson

# structlog loads rich for its coloured console, which no server shows: three megabytes in every web process.
sys.modules.setdefault("rich", None)  # type: ignore[arg-type]

import structlog  # noqa: E402


def configure_logs(level: str) -> None:
    """Set up structlog and the standard library's logging to write JSON lines to stderr."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=level, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


def _dumps(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=str).decode()

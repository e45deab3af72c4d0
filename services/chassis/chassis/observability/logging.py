"""Logs: one JSON object a line on standard output, with the trace id of the work under way and no mail address."""

import json
import logging
import re
import sys
from typing import Any

import orjson
import structlog

from chassis.observability.trace_context import trace_id
from chassis.settings import Settings


def _add_trace(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if trace := trace_id():
        event["trace_id"] = trace
    return event


_ADDRESS = re.compile(r"[^\s@<>()\[\]{}\"',;:=\\]+@[^\s@<>()\[\]{}\"',;:=\\/]+\.[^\s@<>()\[\]{}\"',;:=\\/]+")
_DETAIL = re.compile(r"DETAIL: [^\n]*")
"""Where Postgres repeats the values of a row."""


def _without_people(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The last resort: no message and no traceback, of whatever library, brings a mail address into the log."""
    for name, value in event.items():
        if isinstance(value, str) and ("@" in value or "DETAIL: " in value):
            event[name] = _ADDRESS.sub("[address]", _DETAIL.sub("", value))
    return event


def _to_json(event: Any, **_: Any) -> str:
    try:
        return orjson.dumps(event, default=str).decode()
    except TypeError:  # half a character (a lone surrogate), which a client's input may bring into an error
        return json.dumps(event, default=str)


def configure_logging(settings: Settings) -> None:
    """Send the standard library's logging to standard output, one JSON object a line."""
    renderer: Any = structlog.processors.JSONRenderer(serializer=_to_json)
    if sys.stdout.isatty():
        renderer = structlog.dev.ConsoleRenderer()
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(),
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                _add_trace,
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _without_people,
                renderer,
            ],
        )
    )
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    logging.getLogger("security").setLevel(logging.INFO)  # kept, however quiet the rest is
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # repeats itself ten times a second; kafka.py reports once
    for noisy in ("httpx", "uvicorn.access", "hvac", "urllib3", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)

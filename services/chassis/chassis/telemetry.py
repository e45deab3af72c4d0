"""What a process says about itself: JSON logs with trace ids, Prometheus metrics, OpenTelemetry traces when asked for.

The trace context is W3C `traceparent`. It travels through HTTP calls, the event log and Kafka even where no collector
is configured, so that logs of one purchase can be put together by `trace_id`.
"""

import json
import logging
import os
import re
import sys
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import orjson
import structlog
from prometheus_client import Counter, Gauge, Histogram

from chassis.settings import Settings

_traceparent: ContextVar[str] = ContextVar("traceparent", default="")
_causes: ContextVar[Mapping[str, str]] = ContextVar("causes")
_NO_CAUSES: Mapping[str, str] = {}

_TRACEPARENT = re.compile("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""`version-trace id-parent id-flags`; ids of zeros only are invalid. Source: W3C Trace Context, section 3.2."""

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS = Histogram(
    "http_request_seconds", "Time to answer a request", ["service", "method", "status"], buckets=BUCKETS
)
IN_FLIGHT = Gauge("http_requests_in_flight", "Requests being answered", ["service"])
REJECTED = Counter("http_requests_rejected_total", "Requests answered 503 because the queue was full", ["service"])
CALLS = Histogram("service_call_seconds", "Time of a call to another service", ["service", "status"], buckets=BUCKETS)
PUBLISHED = Counter("events_published_total", "Events sent to Kafka", ["service"])
HANDLED = Counter("events_handled_total", "Events handled", ["service", "topic", "outcome"])
OUTBOX_DEPTH = Gauge("outbox_depth", "Events that wait for the relay", ["service"])
FAILED_ROUNDS = Counter("worker_failures_total", "Rounds of a background loop that failed and are repeated", ["worker"])
REWINDS = Counter("consumer_rewinds_total", "Times a consumer went back to its committed offsets", ["service"])
WAITING = Gauge("consumer_waiting_seconds", "How long the oldest event that fails has been tried", ["service"])
LAG = Gauge("consumer_lag", "Events that wait in Kafka for a consumer", ["service", "topic"])


class Answers:
    """The answers of a service by class of status and by time. `REQUESTS` tells more, and takes a hundred times as long
    to read: too long for once a second.
    """

    __slots__ = ("by_class", "by_time")

    def __init__(self) -> None:
        self.by_class = [0] * 6
        self.by_time = [0] * (len(BUCKETS) + 1)
        """How many took at most each of `BUCKETS`, but more than the one before; then those that took longer."""

    def add(self, status: int, seconds: float) -> None:
        self.by_class[status // 100] += 1
        self.by_time[bisect_left(BUCKETS, seconds)] += 1


def new_traceparent() -> str:
    """A fresh W3C trace context, sampled."""
    random = os.urandom(24).hex()
    return f"00-{random[:32]}-{random[32:48]}-01"


def as_traceparent(text: str) -> str:
    """`text` if it is a trace context by the grammar of W3C (version 00), else an empty string."""
    return text if _TRACEPARENT.fullmatch(text) else ""


def current_traceparent() -> str:
    """The trace context of the work under way, empty outside of any."""
    return _traceparent.get()


def traceparent_of(key: str) -> str:
    """The trace of the event with this key in the batch being handled, else that of the work under way."""
    return _causes.get(_NO_CAUSES).get(key) or _traceparent.get()


@contextmanager
def batch_context(causes: Mapping[str, str]) -> Iterator[None]:
    """Handle a batch of events, whose traces are given by key."""
    token = _causes.set(causes)
    try:
        yield
    finally:
        _causes.reset(token)


def trace_id() -> str:
    return _traceparent.get()[3:35]


@contextmanager
def trace_context(traceparent: str) -> Iterator[None]:
    """Do the work of the block as part of the trace `traceparent`."""
    token = _traceparent.set(traceparent)
    try:
        yield
    finally:
        _traceparent.reset(token)


def set_traceparent(traceparent: str) -> None:
    """Make the current task part of the trace `traceparent`."""
    _traceparent.set(traceparent)


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

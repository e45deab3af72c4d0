"""The trace context of the work under way, as W3C `traceparent`.

It travels through HTTP calls, the event log and Kafka even where no collector of traces is configured, so that the log
lines of one purchase can be put together by `trace_id`.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_traceparent: ContextVar[str] = ContextVar("traceparent", default="")
_causes: ContextVar[Mapping[str, str]] = ContextVar("causes")
_NO_CAUSES: Mapping[str, str] = {}

_TRACEPARENT = re.compile("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""`version-trace id-parent id-flags`; ids of zeros only are invalid. Source: W3C Trace Context, section 3.2."""


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

"""The tier as somebody at this machine sees it: through the edge."""

import http.client
import json
import ssl
import time
from collections.abc import Collection
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from engines.protocol import Progress

ANSWERS = "/api/docs"
TAKING_PART_SECONDS = 60.0
EVENTS_SECONDS = 60.0
"""How long `up` waits for the first events. Without a broker there are none, and the tier is up all the same."""


def status_of(url: str, ca: str | None) -> int:
    """What the app answers through the edge; 0 when nobody answers, 200 when all is well."""
    return _get(url, ca, ANSWERS)[0]


def await_seat_maps(url: str, ca: str | None, progress: Progress) -> None:
    """On a fresh stack seats hears of the programme by events, a moment after the app is ready."""
    progress("seat maps", "starting")
    programme = _get(url, ca, "/api/shows?limit=100")[1] or {"items": []}
    waiting = [show["next_performance"]["id"] for show in programme["items"] if show["next_performance"]]
    deadline = time.monotonic() + EVENTS_SECONDS
    while waiting and time.monotonic() < deadline:
        if _get(url, ca, f"/api/performances/{waiting[-1]}/seats")[0] == 200:
            waiting.pop()
        else:
            time.sleep(0.2)
    progress("seat maps", "still waiting for events" if waiting else "ready")


def until_served_by(url: str, ca: str | None, instances: Collection[str]) -> None:
    """Wait until each of `instances` has answered through the edge: before that it must not be the only one.

    Raises TimeoutError with their names.
    """
    missing, deadline = set(instances), time.monotonic() + TAKING_PART_SECONDS
    while missing:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the edge sends nothing to {', '.join(sorted(missing))}")
        missing.discard(_served_by(url, ca))
        time.sleep(0.02)


def _served_by(url: str, ca: str | None) -> str:
    """The instance that answers now, as `X-Served-By: SERVICE/INSTANCE@REGION` names it; empty when none does."""
    parts = urlsplit(url)
    try:
        trust = ssl.create_default_context(cafile=ca)
        address = (str(parts.hostname), parts.port or 443)
        with closing(http.client.HTTPSConnection(*address, timeout=3, context=trust)) as connection:
            connection.request("GET", "/api/shows?limit=1")
            told = connection.getresponse().getheader("x-served-by") or ""
            return told.partition("@")[0].rpartition("/")[2]
    except (OSError, http.client.HTTPException):
        return ""


def _get(url: str, ca: str | None, path: str) -> tuple[int, Any]:
    """Status and decoded body of a request; status 0 when nobody answers."""
    parts = urlsplit(url)
    try:
        trust = ssl.create_default_context(cafile=ca)
        connection = http.client.HTTPSConnection(str(parts.hostname), parts.port or 443, timeout=3, context=trust)
        with closing(connection):
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
            is_json = "json" in (response.getheader("content-type") or "")
            return response.status, json.loads(body) if is_json else None
    except (OSError, http.client.HTTPException, ValueError):
        return 0, None

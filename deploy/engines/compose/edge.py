"""The edge as somebody at this machine sees it."""

import http.client
import json
import ssl
import time
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from engines.local.edge import LOCAL
from engines.protocol import Progress

CA = "/data/caddy/pki/authorities/local/root.crt"
"""In the container."""
ANSWERS = "/api/docs"
EVENTS_SECONDS = 60.0
"""How long `up` waits for the first events. Without a broker there are none, and the tier is up all the same."""


def edge_answers(port: int, ca: str | None) -> bool:
    """Whether the app answers through it."""
    return _get(LOCAL, port, ca, ANSWERS)[0] == 200


def await_seat_maps(url: str, ca: str | None, progress: Progress) -> None:
    """On a fresh stack seats hears of the programme by events, a moment after the app is ready."""
    progress("seat maps", "starting")
    parts = urlsplit(url)
    host, port = str(parts.hostname), parts.port or 443
    programme = _get(host, port, ca, "/api/shows?limit=100")[1] or {"items": []}
    waiting = [show["next_performance"]["id"] for show in programme["items"] if show["next_performance"]]
    deadline = time.monotonic() + EVENTS_SECONDS
    while waiting and time.monotonic() < deadline:
        if _get(host, port, ca, f"/api/performances/{waiting[-1]}/seats")[0] == 200:
            waiting.pop()
        else:
            time.sleep(0.2)
    progress("seat maps", "still waiting for events" if waiting else "ready")


def _get(host: str, port: int, ca: str | None, path: str) -> tuple[int, Any]:
    """Status and decoded body of a request; status 0 when nobody answers."""
    try:
        trust = ssl.create_default_context(cafile=ca)
        with closing(http.client.HTTPSConnection(host, port, timeout=3, context=trust)) as connection:
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
            is_json = "json" in (response.getheader("content-type") or "")
            return response.status, json.loads(body) if is_json else None
    except (OSError, http.client.HTTPException, ValueError):
        return 0, None

"""The tier as its users reach it: asked over HTTPS, with the CA that the chart made."""

import http.client
import json
import ssl
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from engines.protocol import EngineError

ANSWERS = "/api/shows?limit=100"
REACHED_SECONDS = 30.0
EVENTS_SECONDS = 30.0
"""How long `up` waits for the first events. Without a broker there are none, and the tier is up all the same."""


def await_answers(url: str, ca: Path | None) -> list[str]:
    """Wait until the edge answers; the performances that are on sale. Raises EngineError with what to do."""
    deadline = time.monotonic() + REACHED_SECONDS
    while True:
        status, programme = _get(url, ca, ANSWERS)
        if status == 200:
            return [show["next_performance"]["id"] for show in programme["items"] if show["next_performance"]]
        if time.monotonic() > deadline:
            raise EngineError(
                f"all pods are ready, and {url} answers {status or 'nothing'} from here. Out of reach? Then "
                "`kubectl port-forward service/boxoffice-edge 8443:443`, or EDGE_DOMAIN with a load balancer"
            )
        time.sleep(0.3)


def await_seat_maps(url: str, ca: Path | None, performances: list[str], say: Callable[[str], None]) -> None:
    """On a fresh stack seats hears of the programme by events, a moment after the app is ready."""
    deadline = time.monotonic() + EVENTS_SECONDS
    waiting = list(performances)
    while waiting and time.monotonic() < deadline:
        if _get(url, ca, f"/api/performances/{waiting[-1]}/seats")[0] == 200:
            waiting.pop()
        else:
            time.sleep(0.2)
    say("still waiting for events" if waiting else "ready")


def _get(url: str, ca: Path | None, path: str) -> tuple[int, Any]:
    """Status and JSON of an answer; 0 and None where there is none."""
    parts = urlsplit(url)
    trust = ssl.create_default_context(cafile=str(ca) if ca else None)
    connection = http.client.HTTPSConnection(str(parts.hostname), parts.port, timeout=5, context=trust)
    with closing(connection):
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            return answer.status, json.loads(body) if answer.status == 200 else None
        except (OSError, http.client.HTTPException, ValueError):
            return 0, None

"""What all users have in common: how they send a request, what they take for an answer, when they pause."""

import os
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import gevent
import geventhttpclient.client
import orjson
from gevent.event import AsyncResult
from locust import FastHttpUser

from loadtests.cast import Person
from loadtests.stage import Stage

# The client would repeat a safe request by itself when its connection breaks, and nobody would hear of it.
geventhttpclient.client.IDEMPOTENT_METHODS = frozenset()

COOKIE = "__Host-session"
ASK_AGAIN = 5
"""How often somebody comes back who is told to come later."""
LONGEST_WAIT = 10.0
HEADERS = {"User-Agent": "boxoffice-load/1", "Accept": "application/json", "Accept-Encoding": "gzip"}

STAGE: "AsyncResult[Stage]" = AsyncResult()
"""Of this process. A worker may be told to begin a moment before it hears of its cast."""
STAGE_SECONDS = 30.0


class Answer:
    """A status (0: there was none), the headers and the body."""

    __slots__ = ("body", "headers", "status", "trace")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes, trace: str) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.trace = trace

    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def come_back(self) -> float | None:
        """The seconds after which the tier wants to be asked again; None when it did not say so."""
        after = self.headers.get("retry-after", "") if self.status in (429, 503) else ""
        return float(after) if after.isdigit() else None


class Shopper(FastHttpUser):
    """Somebody with a browser. Sends the session cookie as one would: a cookie jar costs more than a request."""

    abstract = True
    insecure = False
    max_redirects = 0
    concurrency = 1
    connection_timeout = 10.0
    network_timeout = 30.0
    default_headers = HEADERS

    def __init__(self, environment: Any) -> None:
        self.stage: Stage = STAGE.get(timeout=STAGE_SECONDS)
        self.host = self.stage.cast.url
        # Takes `cafile` for no use: without it the client reads all public CAs for each user, 20 ms or more each time.
        self.ssl_context_factory = lambda cafile=None: self.stage.trust
        super().__init__(environment)
        self.client.client.cookiejar = None
        self.dice = self.stage.dice
        self.person: Person | None = None
        self._cookie = ""
        self._seconds: float | None = None
        self._finishing = False
        self._next = time.monotonic() + self.dice.random() * (self.stage.interval or 0)

    # What they say.

    def ask(
        self,
        method: str,
        path: str,
        *,
        name: str = "",
        body: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        fine: Collection[int] = (),
    ) -> Answer:
        """Send a request and take the answer; `fine` are the statuses above 400 that are an outcome.

        Who is told to come back later does, with some jitter. `name` stands for the path where ids are in it.
        """
        for left in reversed(range(ASK_AGAIN)):
            answer = self._send(method, path, name or path, body, headers or {}, fine, may_be_busy=left > 0)
            after = answer.come_back
            if after is None or not left:
                break
            self.pause(min(after, LONGEST_WAIT) * (1 + self.dice.random()))
        if answer.status == 401 and self.person and self._cookie:
            self.sign_in(self.person)
        return answer

    def read(self, path: str, *, name: str = "", fine: Collection[int] = ()) -> Answer:
        """GET."""
        return self.ask("GET", path, name=name, fine=fine)

    def sign_in(self, person: Person) -> None:
        """As `person`, in the session that they have, or else in a new one."""
        self.person, first = person, self.person is None
        if first and person.cookie:
            self._cookie = person.cookie
            return
        self._cookie = ""
        answer = self.ask("POST", "/api/sessions", body={"email": person.email, "password": person.password})
        if answer.status == 201:
            self._cookie = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]

    # How they use their time.

    def think(self) -> None:
        """Pause between two clicks. A user who is asked to leave does so here."""
        if self.stage.interval is None:
            self.pause(self.dice.uniform(0.5, 1.5) * self.patience)

    def pause(self, seconds: float) -> None:
        if self._finishing:
            gevent.sleep(seconds)
        else:
            self._seconds = seconds
            self.wait()  # type: ignore[no-untyped-call]

    def wait_time(self) -> float:
        """Asked by locust for the pause it is about to make: the one above, or that between two tasks."""
        seconds, self._seconds = self._seconds, None
        if seconds is not None:
            return seconds
        return 0.0 if self.stage.interval else self.dice.uniform(0.5, 1.5) * self.patience

    @property
    def patience(self) -> float:
        """Seconds between two clicks, on average."""
        return self.stage.cast.think

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """What is begun in this block is brought to its end, also when the run ends meanwhile."""
        self._finishing = True
        try:
            yield
        finally:
            self._finishing = False

    def _keep_pace(self) -> None:
        """Where the load is given as a rate: wait for one's turn. Who is late does not catch up."""
        interval = self.stage.interval
        if interval is None:
            return
        now = time.monotonic()
        if self._next > now:
            self.pause(self._next - now)
        self._next = max(self._next, now - interval) + interval

    def _send(
        self,
        method: str,
        path: str,
        name: str,
        body: Mapping[str, object] | None,
        headers: Mapping[str, str],
        fine: Collection[int],
        *,
        may_be_busy: bool,
    ) -> Answer:
        self._keep_pace()
        trace, step = os.urandom(16).hex(), os.urandom(8).hex()
        sent = {"traceparent": f"00-{trace}-{step}-01", **headers}
        if self._cookie:
            sent["Cookie"] = f"{COOKIE}={self._cookie}"
        with self.client.request(
            method, path, name=name, json=body, headers=sent, catch_response=True, context={"trace": trace}
        ) as response:
            answer = Answer(response.status_code, response.headers or {}, response.content or b"", trace)
            if answer.status in fine or (may_be_busy and answer.come_back is not None):
                response.success()
        return answer

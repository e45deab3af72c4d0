"""The box office as a generator of requests meets it: on a socket, with sessions that come back when they are ended."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import httpx
from starlette.types import Message, Receive, Scope, Send

from chassis.http import COOKIE
from chassis.http.conformance import Conformance, Undocumented
from chassis.testing import App

STREAM_SECONDS = 0.2
"""A generator has no use for a stream that goes on."""
ROLES: dict[str, tuple[str, ...]] = {"customer": (), "organiser": ("organiser",)}
PERSON = {"password": "plum-harbour-lantern-42", "name": "Generated", "country": "IE"}


@dataclass
class Played:
    """The process behind a server; counts and judges every answer. A session cookie names a role."""

    app: App
    conformance: Conformance
    statuses: Counter[int] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    _tokens: dict[str, str] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["headers"] = [await self._with_session(each) for each in scope["headers"]]
        if scope["path"].endswith("/stream"):
            receive = _leaving(receive)
        answer = _Answer(send)
        await self.app.process(scope, receive, answer.send)
        self._judge(scope["method"], scope["path"], answer)

    def _judge(self, method: str, path: str, answer: "_Answer") -> None:
        self.statuses[answer.status] += 1
        if not path.startswith("/api/") or path.startswith(("/api/docs", "/api/openapi.json")):
            return
        try:
            self.conformance.check(method, path, answer.status, answer.headers, bytes(answer.body))
        except Undocumented as finding:
            self.findings.append(str(finding))

    async def _with_session(self, header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
        name, value = header
        if name != b"cookie":
            return header
        for role in ROLES:
            placeholder = f"{COOKIE}={role}".encode()
            if placeholder in value:
                value = value.replace(placeholder, f"{COOKIE}={await self._token(role)}".encode())
        return name, value

    async def _token(self, role: str) -> str:
        """A session of an account with this role: made again when a request has ended it or erased its account."""
        sessions = next(iter(self.app.process.runtimes.values())).sessions
        token = self._tokens.get(role, "")
        if not token or await sessions.load(token) is None:
            account = await self._account()
            token, _ = await sessions.create(account_id=account, roles=ROLES[role])
            self._tokens[role] = token
        return token

    async def _account(self) -> UUID:
        body = PERSON | {"email": f"{uuid4().hex}@example.test"}
        answer = await self.app.client.post("/api/accounts", json=body)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["id"])


class _Answer:
    """What went to the client."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.headers = httpx.Headers()
        self.body = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = httpx.Headers(message["headers"])
        elif self.status >= 400:
            self.body += message.get("body", b"")
        await self._send(message)


def _leaving(receive: Receive) -> Receive:
    """A client that reads a stream for a moment."""
    asked = False

    async def leaving() -> Message:
        nonlocal asked
        if not asked:
            asked = True
            return await receive()
        await asyncio.sleep(STREAM_SECONDS)
        return {"type": "http.disconnect"}

    return leaving

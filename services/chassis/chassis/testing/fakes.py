"""Stand-ins for tests without servers. Those of Redis pass the same suite as the real ones."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from uuid import UUID

from chassis.auth.sessions import ABSOLUTE_SECONDS, IDLE_SECONDS, Session, Sessions, session_key
from chassis.live.broadcast import TICK_SECONDS, Broadcast, Channel, Message, Subscriber, Updates
from chassis.secrets.secrets import DatabaseCredentials, SecretMissing
from chassis.testing.servers import Servers


class StaticSecrets:
    """`chassis.secrets.secrets.Secrets` without Vault: fixed values, one database user for every role."""

    def __init__(
        self, values: Mapping[str, Mapping[str, str]] | None = None, *, username: str = "", password: str = ""
    ) -> None:
        self.values = dict(values or {})
        self._user = (username, password)
        self._issued: dict[str, DatabaseCredentials] = {}

    @classmethod
    def for_servers(cls, servers: Servers, values: Mapping[str, Mapping[str, str]] | None = None) -> "StaticSecrets":
        parts = urlsplit(servers.postgres)
        return cls(values, username=parts.username or "", password=parts.password or "")

    async def read(self, path: str) -> dict[str, str]:
        if path not in self.values:
            raise SecretMissing(f"no secret kv/{path}")
        return dict(self.values[path])

    async def database_credentials(self, role: str) -> DatabaseCredentials:
        return self._issued.setdefault(role, DatabaseCredentials(*self._user, issue=self._issue))

    async def ping(self) -> None:
        """There is nothing that could be away."""

    async def close(self) -> None:
        self._issued.clear()

    async def _issue(self) -> tuple[str, str]:
        return self._user


class MemorySessions(Sessions):
    """Sessions of one process."""

    def __init__(self, *, idle_seconds: float = IDLE_SECONDS, absolute_seconds: float = ABSOLUTE_SECONDS) -> None:
        self._idle_seconds, self._absolute_seconds = idle_seconds, absolute_seconds
        self._sessions: dict[str, tuple[Session, float]] = {}

    async def load(self, token: str) -> Session | None:
        session = self._find(session_key(token))
        if session is not None:
            await self._store(session)
        return session

    async def list(self, account_id: UUID) -> list[Session]:
        found = [session for key in reversed(self._sessions) if (session := self._find(key))]
        return sorted(
            (session for session in found if session.account_id == account_id),
            key=lambda session: session.created_at,
            reverse=True,
        )

    async def is_there(self, key: str) -> bool:
        return self._find(key) is not None

    async def revoke(self, key: str) -> None:
        self._sessions.pop(key, None)

    async def revoke_all(self, account_id: UUID) -> None:
        for session in await self.list(account_id):
            await self.revoke(session.key)

    async def _store(self, session: Session) -> None:
        self._sessions[session.key] = session, time.time() + self._idle_seconds

    def _find(self, key: str) -> Session | None:
        session, idle_end = self._sessions.get(key, (None, 0.0))
        return session if session is not None and time.time() < idle_end and self._is_live(session) else None


class MemoryBroadcast(Broadcast):
    """Channels within one process."""

    def __init__(self, *, tick_seconds: float = TICK_SECONDS) -> None:
        self._tick_seconds = tick_seconds
        self._channels: dict[str, Channel] = {}

    async def publish_all(self, messages: Mapping[str, Message]) -> None:
        for channel, message in messages.items():
            if channel in self._channels:
                self._channels[channel].deliver(message)

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[Updates]:
        shared, subscriber = self._channels.setdefault(channel, Channel()), Subscriber()
        shared.subscribers.add(subscriber)
        try:
            yield subscriber.updates(self._tick_seconds)
        finally:
            shared.subscribers.discard(subscriber)
            if not shared.subscribers:
                self._channels.pop(channel, None)

    async def close(self) -> None:
        self._channels.clear()

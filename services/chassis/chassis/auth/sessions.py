"""Sign-in sessions in Redis: they outlive every instance, can be listed and revoked, and end by themselves.

The browser holds an opaque token of 256 random bits; Redis knows only its SHA-256, so a copy of Redis signs nobody in.
"""

import asyncio
import hashlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

import orjson
from redis.asyncio import Redis

from chassis.live.broadcast import PREFIX
from chassis.work.coalesce import Coalescer

IDLE_SECONDS = 30 * 60
"""A session that is not used for this long ends; every use starts the count anew."""
ABSOLUTE_SECONDS = 12 * 60 * 60
"""However much it is used, a session ends this long after the sign-in."""
LOAD_SECONDS = 1.5
LISTED_SESSIONS = 100
MAX_USER_AGENT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Who signed in, when and from where. `key` names the session without being the token."""

    key: str
    account_id: UUID
    roles: tuple[str, ...]
    jurisdiction: str
    created_at: datetime
    user_agent: str
    remote: str

    @property
    def id(self) -> str:
        """Tells an account's sessions apart, and opens none."""
        return self.key[:16]

    @property
    def expires_at(self) -> datetime:
        """The absolute end (UTC)."""
        return datetime.fromtimestamp(self.created_at.timestamp() + ABSOLUTE_SECONDS, UTC)


def session_key(token: str) -> str:
    """The name under which the session of `token` is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


class Sessions:
    """The sessions of all accounts. Whatever the Redis client raises when the server is away passes through."""

    def __init__(
        self, redis: Redis, *, idle_seconds: float = IDLE_SECONDS, absolute_seconds: float = ABSOLUTE_SECONDS
    ) -> None:
        self._redis = redis
        self._idle_seconds, self._absolute_seconds = idle_seconds, absolute_seconds
        self._touched: Coalescer[str, bytes | None] = Coalescer(self._touch)

    async def create(
        self,
        *,
        account_id: UUID,
        roles: Sequence[str] = (),
        jurisdiction: str = "",
        user_agent: str = "",
        remote: str = "",
        replacing: str | None = None,
    ) -> tuple[str, Session]:
        """Sign in: a new session and its token. `replacing` is the token that the browser held before; it ends here."""
        token = secrets.token_urlsafe(32)
        session = Session(
            key=session_key(token),
            account_id=account_id,
            roles=tuple(roles),
            jurisdiction=jurisdiction,
            created_at=datetime.now(UTC),
            user_agent=user_agent[:MAX_USER_AGENT],
            remote=remote,
        )
        await self._store(session)
        if replacing:
            await self.revoke(session_key(replacing))
        return token, session

    async def load(self, token: str) -> Session | None:
        """The live session of `token`, whose idle time starts anew; None when there is none. One round trip.

        Every request of a signed-in account waits here, so a Redis that hangs is given up soon: TimeoutError.
        """
        key = session_key(token)
        async with asyncio.timeout(LOAD_SECONDS):
            value = await self._touched.get(key)
        session = _decode(key, value) if value is not None else None
        return session if session is not None and self._is_live(session) else None

    async def list(self, account_id: UUID) -> list[Session]:
        """The live sessions of an account, newest first, at most `LISTED_SESSIONS`; forgets dead ones on the way."""
        index = _index(account_id)
        keys = [key.decode() for key in cast("list[bytes]", await self._redis.zrevrange(index, 0, LISTED_SESSIONS - 1))]
        if not keys:
            return []
        values = await self._redis.mget([_name(key) for key in keys])
        found = {key: _decode(key, value) for key, value in zip(keys, values, strict=True) if value is not None}
        live = [session for session in found.values() if self._is_live(session)]
        dead = set(keys).difference(session.key for session in live)
        if dead:
            await self._redis.zrem(index, *dead)
        return live

    async def is_there(self, key: str) -> bool:
        """Whether the session `key` is live. To ask is no use of it: its idle time goes on."""
        async with asyncio.timeout(LOAD_SECONDS):
            value = await self._redis.get(_name(key))
        return value is not None and self._is_live(_decode(key, value))

    async def revoke(self, key: str) -> None:
        """End one session; none is fine too."""
        value = await self._redis.getdel(_name(key))
        if value is not None:
            await self._announce(key)
            await self._redis.zrem(_index(_decode(key, value).account_id), key)

    async def revoke_all(self, account_id: UUID) -> None:
        """End every session of an account."""
        index = _index(account_id)
        keys = [key.decode() for key in cast("list[bytes]", await self._redis.zrange(index, 0, -1))]
        if keys:
            await self._redis.delete(*(_name(key) for key in keys))
            await self._announce(*keys)
            await self._redis.zrem(index, *keys)

    async def set_roles(self, account_id: UUID, roles: Sequence[str]) -> None:
        """Change what an account may in every session that it has; none of them lives longer for it."""
        for key in cast("list[bytes]", await self._redis.zrange(_index(account_id), 0, -1)):
            name = _name(key.decode())
            if (value := await self._redis.get(name)) is not None:
                changed = replace(_decode(key.decode(), value), roles=tuple(roles))
                await self._redis.set(name, _encode(changed), xx=True, keepttl=True)

    async def _announce(self, *keys: str) -> None:
        """Tell the streams of sessions that have ended. One that does not hear it finds out at its next heartbeat."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.publish(PREFIX + ended_channel(key), b"{}")
            await pipe.execute()

    async def _touch(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """Read sessions and start their idle time anew, in one round trip."""
        if len(keys) == 1:
            return [cast("bytes | None", await self._redis.getex(_name(keys[0]), px=self._idle_milliseconds))]
        async with self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.getex(_name(key), px=self._idle_milliseconds)
            return cast("list[bytes | None]", await pipe.execute())

    async def _store(self, session: Session) -> None:
        """Write the session and its place in the account's index, whose entries go at the session's absolute end."""
        index, now = _index(session.account_id), time.time()
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.set(_name(session.key), _encode(session), px=self._idle_milliseconds)
            pipe.zremrangebyscore(index, "-inf", now - self._absolute_seconds)
            pipe.zadd(index, {session.key: session.created_at.timestamp()})
            pipe.pexpire(index, int(self._absolute_seconds * 1000))
            await pipe.execute()

    @property
    def _idle_milliseconds(self) -> int:
        return int(self._idle_seconds * 1000)

    def _is_live(self, session: Session) -> bool:
        return time.time() - session.created_at.timestamp() < self._absolute_seconds


def ended_channel(key: str) -> str:
    """The channel on which the end of a session is told."""
    return f"ended:{key}"


def _name(key: str) -> str:
    return f"session:{key}"


def _index(account_id: UUID) -> str:
    return f"sessions:{account_id}"


def _encode(session: Session) -> bytes:
    return orjson.dumps(
        {
            "account_id": str(session.account_id),
            "roles": session.roles,
            "jurisdiction": session.jurisdiction,
            "created_at": session.created_at.timestamp(),
            "user_agent": session.user_agent,
            "remote": session.remote,
        }
    )


def _decode(key: str, value: bytes | str) -> Session:
    data = orjson.loads(value)
    return Session(
        key=key,
        account_id=UUID(data["account_id"]),
        roles=tuple(data["roles"]),
        jurisdiction=data["jurisdiction"],
        created_at=datetime.fromtimestamp(data["created_at"], UTC),
        user_agent=data["user_agent"],
        remote=data["remote"],
    )

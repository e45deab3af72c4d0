"""A service's own Postgres database: connections that follow rotated credentials, one transaction a use case."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import asyncpg
import orjson
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from chassis.addresses import sslmode_of

log = logging.getLogger(__name__)

CONNECT_SECONDS = 1.5
COMMAND_SECONDS = 10.0
FRESH_SECONDS = 0.5

AFTER_COMMIT = "after_commit"


class Credentials(Protocol):
    """A user name and password that may change: `generation` counts the changes."""

    username: str
    password: str
    generation: int

    async def refresh(self, failed_generation: int) -> None:
        """Lease a new user, unless the current one is already newer than `failed_generation`."""
        ...


class Database:
    """The pool of one service. `appended` is set after a commit that appended events: the relay waits for it."""

    def __init__(self, url: str, name: str, credentials: Credentials, *, pool_size: int = 6) -> None:
        """`url` is `postgresql://HOST:PORT[/DATABASE][?sslmode=…]`; `{service}` in it is `name`, the default."""
        self.name = name
        self.appended = asyncio.Event()
        self._credentials = credentials
        self._logins: WeakKeyDictionary[asyncpg.Connection, tuple[int, float]] = WeakKeyDictionary()
        parts = urlsplit(url)
        self.address = f"{parts.hostname}:{parts.port or 5432}"
        self._target: dict[str, Any] = {
            "host": parts.hostname,
            "port": parts.port or 5432,
            "database": parts.path.strip("/").replace("{service}", name) or name,
            "ssl": sslmode_of(url),
        }
        self.engine: AsyncEngine = create_async_engine(
            make_url("postgresql+asyncpg://"),
            async_creator=self._connect,
            pool_size=pool_size,
            max_overflow=0,  # a connection beyond the pool would be made and thrown away again and again under load
            pool_timeout=CONNECT_SECONDS,
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
            hide_parameters=True,  # an error goes to the log, and the values of a statement may be a person's
        )
        event.listen(self.engine.sync_engine, "checkout", self._refuse_stale)

    async def _connect(self) -> asyncpg.Connection:
        generation = self._credentials.generation
        try:
            try:
                return await self._login()
            except asyncpg.InvalidAuthorizationSpecificationError:
                await self._credentials.refresh(generation)
            return await self._login()
        except asyncpg.PostgresError as error:  # no such login or database, or it starts or ends
            raise ConnectionError(f"postgres at {self.address} refuses: {type(error).__name__}") from error

    async def _login(self) -> asyncpg.Connection:
        generation = self._credentials.generation  # before connecting: they may be rotated meanwhile
        connection = await asyncpg.connect(
            user=self._credentials.username,
            password=self._credentials.password,
            timeout=CONNECT_SECONDS,
            command_timeout=COMMAND_SECONDS,
            server_settings={"application_name": f"boxoffice-{self.name}", "jit": "off"},
            **self._target,
        )
        self._logins[connection] = (generation, time.monotonic())
        return connection

    def _refuse_stale(self, _connection: object, record: Any, _proxy: object) -> None:
        """A connection made with credentials that have been rotated is replaced when it is next taken from the pool.

        One made a moment ago is good, also when they were rotated meanwhile: those before live on for a while.
        """
        generation, made_at = self._logins.get(record.driver_connection, (0, 0.0))
        if generation != self._credentials.generation and time.monotonic() - made_at > FRESH_SECONDS:
            raise DisconnectionError("credentials were rotated")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """One transaction, committed at the end of the block, rolled back when the block raises."""
        async with self.engine.begin() as tx:
            callbacks: dict[str, Callable[[], Awaitable[None] | None]] = {}
            tx.info[AFTER_COMMIT] = callbacks
            tx.info["database"] = self
            yield tx
        for callback in callbacks.values():
            try:
                if (pending := callback()) is not None:
                    await pending
            except Exception:
                log.exception("after commit")

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection for queries only: each statement stands alone, without BEGIN and COMMIT."""
        async with self.engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    async def close(self) -> None:
        await self.engine.dispose()


def after_commit(tx: AsyncConnection, callback: Callable[[], Awaitable[None] | None], *, once: str = "") -> None:
    """Run `callback` when `tx` has committed. What it raises is logged: the work is done, only its announcement failed.

    `once` names callbacks of which a transaction needs only the last one.
    """
    callbacks = tx.info[AFTER_COMMIT]
    callbacks[once or str(len(callbacks))] = callback


def announce_append(tx: AsyncConnection) -> None:
    """Wake the relay of the database that `tx` belongs to once `tx` has committed."""
    database: Database = tx.info["database"]
    after_commit(tx, database.appended.set, once="appended")


def violated_constraint(error: IntegrityError) -> str:
    """The name of the constraint or unique index that refused a row; empty where it has none, as NOT NULL has."""
    cause = error.orig.__cause__ if error.orig else None
    return cause.constraint_name or "" if isinstance(cause, asyncpg.IntegrityConstraintViolationError) else ""

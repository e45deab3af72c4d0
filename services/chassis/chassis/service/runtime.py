"""What a service has at hand while it runs: made when the process starts, closed in reverse order when it ends."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, cast

from fastapi import Depends, Request
from redis.asyncio import Redis
from typing_extensions import TypeVar

from chassis.auth.sessions import Sessions
from chassis.calls.client import Calls
from chassis.database.database import Database
from chassis.live.broadcast import Broadcast
from chassis.live.streams import Streams
from chassis.secrets.secrets import Secrets
from chassis.settings import ServiceSettings, Settings

Part = TypeVar("Part")
Own_co = TypeVar("Own_co", bound=ServiceSettings, default=ServiceSettings, covariant=True)
"""The class of a service's own settings."""


@dataclass(slots=True, kw_only=True)
class Runtime(Generic[Own_co]):
    """The resources of one service. All but `database` and `config` are shared by the services of a process."""

    service: str
    settings: Settings
    config: Own_co
    database: Database
    redis: "Redis"
    sessions: Sessions
    broadcast: Broadcast
    secrets: Secrets
    calls: Calls
    streams: Streams
    draining: asyncio.Event = field(default_factory=asyncio.Event)
    parts: dict[Callable[[Any], Any], Any] = field(default_factory=dict)

    def part(self, kind: Callable[["Runtime[Own_co]"], Part]) -> Part:
        """The service's own `kind(runtime)`, such as a cache in memory: made at first use, one per runtime."""
        if kind not in self.parts:
            self.parts[kind] = kind(self)
        return cast("Part", self.parts[kind])


def runtime_for(request: Request) -> Runtime[Any]:
    """The runtime of the service that answers `request`."""
    return cast("Runtime[Any]", request.app.state.runtime)


async def given_runtime(request: Request) -> Runtime[Any]:
    """`runtime_for` as a dependency: FastAPI would send one that is not async to a thread."""
    return runtime_for(request)


RuntimeDep = Annotated[Runtime, Depends(given_runtime)]

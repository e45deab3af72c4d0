"""What a service has at hand while it runs: made when the process starts, closed in reverse order when it ends."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar, cast

from fastapi import Depends, Request
from redis.asyncio import Redis

from chassis.broadcast import Broadcast
from chassis.client import Calls
from chassis.database import Database
from chassis.secrets import Secrets
from chassis.sessions import Sessions
from chassis.settings import ServiceSettings, Settings
from chassis.streams import Streams

Part = TypeVar("Part")


@dataclass(slots=True, kw_only=True)
class Runtime:
    """The resources of one service. All but `database` and `config` are shared by the services of a process."""

    service: str
    settings: Settings
    config: ServiceSettings
    database: Database
    redis: "Redis"
    sessions: Sessions
    broadcast: Broadcast
    secrets: Secrets
    calls: Calls
    streams: Streams
    draining: asyncio.Event = field(default_factory=asyncio.Event)
    parts: dict[Callable[["Runtime"], Any], Any] = field(default_factory=dict)

    def part(self, kind: Callable[["Runtime"], Part]) -> Part:
        """The service's own `kind(runtime)`, such as a cache in memory: made at first use, one per runtime."""
        if kind not in self.parts:
            self.parts[kind] = kind(self)
        return cast("Part", self.parts[kind])


def runtime(request: Request) -> Runtime:
    """The runtime of the service that answers `request`."""
    return cast("Runtime", request.app.state.runtime)


async def _runtime(request: Request) -> Runtime:
    """`runtime` as a dependency: FastAPI would send one that is not async to a thread."""
    return runtime(request)


RuntimeDep = Annotated[Runtime, Depends(_runtime)]

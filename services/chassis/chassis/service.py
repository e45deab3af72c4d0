"""A service, described as data. `main.py` of a service is this description and nothing else."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points

from fastapi import APIRouter, FastAPI
from prometheus_client import Counter

from chassis import errors
from chassis.configuration import BadSettings
from chassis.events import Subscription
from chassis.runtime import Runtime
from chassis.settings import ServiceSettings
from chassis.strict import Strict
from chassis.worker import Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a process needs to know to host a service."""

    name: str
    paths: tuple[str, ...]
    """Path patterns of its HTTP interface: prefixes in which `{name}` stands for one segment.

    Those below `/internal` are for other services only: no edge lets them through.
    """
    callers: tuple[str, ...]
    """The services that may call it."""
    app: FastAPI
    settings: type[ServiceSettings]
    subscriptions: Callable[[Runtime], Sequence[Subscription]]
    workers: Callable[[Runtime], Sequence[Worker]]
    seed: Callable[[Runtime], Awaitable[None]] | None
    replay: Callable[[Runtime], Awaitable[int]] | None
    counters: tuple[Counter, ...]
    """What it counts beyond what every service counts; part of its vitals."""


def _nothing(_: Runtime) -> tuple[()]:
    return ()


def create_service(
    name: str,
    *,
    paths: Sequence[str] = (),
    callers: Sequence[str] = (),
    routers: Sequence[APIRouter] = (),
    settings: type[ServiceSettings] = ServiceSettings,
    subscriptions: Callable[[Runtime], Sequence[Subscription]] = _nothing,
    workers: Callable[[Runtime], Sequence[Worker]] = _nothing,
    seed: Callable[[Runtime], Awaitable[None]] | None = None,
    replay: Callable[[Runtime], Awaitable[int]] | None = None,
    counters: Sequence[Counter] = (),
) -> Service:
    """Describe a service. Nothing is connected or read here.

    `subscriptions` and `workers` are called once the runtime is there. `seed` puts in what a fresh stack starts with
    and is harmless the second time. `replay` rebuilds what is derived from the event log, and answers how much it was.
    """
    app = FastAPI(title=f"Box Office: {name}", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.add_middleware(Strict, service=app)
    errors.install(app)
    for router in routers:
        app.include_router(router)
    return Service(
        name=name,
        paths=tuple(paths),
        callers=tuple(callers),
        app=app,
        settings=settings,
        subscriptions=subscriptions,
        workers=workers,
        seed=seed,
        replay=replay,
        counters=tuple(counters),
    )


def load_services(names: Iterable[str]) -> list[Service]:
    """The installed services called `names`, in order of name; `all` stands for every one of them.

    Raises BadSettings with the names that there are when one is not installed.
    """
    installed = {entry.name: entry for entry in entry_points(group="boxoffice.services")}
    wanted = set(names)
    if "all" in wanted:
        wanted = set(installed)
    if missing := wanted - set(installed):
        raise BadSettings(f"no such service: {', '.join(sorted(missing))} (installed: {', '.join(sorted(installed))})")
    return [installed[name].load() for name in sorted(wanted)]

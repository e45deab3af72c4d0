"""A service, described as data. `main.py` of a service is this description and nothing else."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any

from fastapi import APIRouter
from prometheus_client import Counter

from chassis.configuration import BadSettings
from chassis.messaging.events import Subscription
from chassis.service.runtime import Own_co, Runtime
from chassis.settings import ServiceSettings
from chassis.work.worker import Worker


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
    routers: tuple[APIRouter, ...]
    """Its HTTP interface. Each process makes an application of it: `chassis.http.application`."""
    settings: type[ServiceSettings]
    subscriptions: Callable[[Runtime[Any]], Sequence[Subscription]]
    workers: Callable[[Runtime[Any]], Sequence[Worker]]
    seed: Callable[[Runtime[Any]], Awaitable[None]] | None
    replay: Callable[[Runtime[Any]], Awaitable[int]] | None
    counters: tuple[Counter, ...]
    """What it counts beyond what every service counts; part of its heartbeat."""


def _nothing(_: Runtime[Any]) -> tuple[()]:
    return ()


def create_service(
    name: str,
    *,
    paths: Sequence[str] = (),
    callers: Sequence[str] = (),
    routers: Sequence[APIRouter] = (),
    settings: type[Own_co] | None = None,
    subscriptions: Callable[[Runtime[Own_co]], Sequence[Subscription]] = _nothing,
    workers: Callable[[Runtime[Own_co]], Sequence[Worker]] = _nothing,
    seed: Callable[[Runtime[Own_co]], Awaitable[None]] | None = None,
    replay: Callable[[Runtime[Own_co]], Awaitable[int]] | None = None,
    counters: Sequence[Counter] = (),
) -> Service:
    """Describe a service. Nothing is connected or read here.

    `subscriptions` and `workers` are called once the runtime is there. `seed` puts in what a fresh stack starts with
    and is harmless the second time. `replay` rebuilds what is derived from the event log, and answers how much it was.
    """
    return Service(
        name=name,
        paths=tuple(paths),
        callers=tuple(callers),
        routers=tuple(routers),
        settings=settings or ServiceSettings,
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

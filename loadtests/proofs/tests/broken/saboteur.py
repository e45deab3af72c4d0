"""Ways to break a running tier so that a promise is broken, and to make it whole again."""

import copy
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import asyncpg
import httpx

from engines.local.edge import ADMIN
from engines.protocol import Engine, Progress
from engines.state import current_state


class Tampered:
    """An engine that does as it is told, except for what a test replaces: `Tampered(engine, kill=...)`."""

    def __init__(self, engine: Engine, **instead: Callable[..., Any]) -> None:
        self._engine = engine
        self._instead = instead

    def __getattr__(self, name: str) -> Any:
        return self._instead.get(name) or getattr(self._engine, name)


def tampered(engine: Engine, **instead: Callable[..., Any]) -> Engine:
    """The same, as the type that a stage wants."""
    return cast("Engine", Tampered(engine, **instead))


@contextmanager
def edge_with(change: Callable[[dict[str, Any]], None]) -> Iterator[None]:
    """The edge with another configuration (Caddy's JSON), for the time of the block."""
    socket = os.path.relpath(current_state().folder / "data" / "edge" / ADMIN)
    way = httpx.HTTPTransport(uds=socket)
    with httpx.Client(trust_env=False, transport=way, base_url="http://localhost", timeout=30) as admin:
        usual = admin.get("/config/").raise_for_status().json()
        other = copy.deepcopy(usual)
        change(other)
        assert other != usual
        admin.post("/load", json=other).raise_for_status()
        try:
            yield
        finally:
            admin.post("/load", json=usual).raise_for_status()


def without_retries(config: dict[str, Any]) -> None:
    """It tries one instance, and takes what comes of it. It still asks who is ready, for most places are empty."""
    for handler in handlers(config, "reverse_proxy"):
        handler["load_balancing"] = {"selection_policy": {"policy": "random"}}


def without_bound(config: dict[str, Any]) -> None:
    """It hands on whatever comes."""
    for handler in handlers(config, "reverse_proxy"):
        handler["health_checks"].pop("passive", None)


def plain_http_served(config: dict[str, Any]) -> None:
    """What is behind TLS is to be had without."""
    servers = config["apps"]["http"]["servers"].values()
    plain = next(each for each in servers if not each.get("tls_connection_policies"))
    secure = next(each for each in servers if each.get("tls_connection_policies"))
    plain["routes"] = [
        {**route, "match": [{"path": ["/*"]}]} for route in copy.deepcopy(secure["routes"]) if route.get("match")
    ]


def inside_shown(config: dict[str, Any]) -> None:
    """The paths of the inside are like all others, and all others go to the app."""
    for server in config["apps"]["http"]["servers"].values():
        if server.get("tls_connection_policies"):
            proxy = copy.deepcopy(handlers(config, "reverse_proxy")[0])
            shown = {"match": [{"path": ["/metrics"]}], "handle": [proxy], "terminal": True}
            server["routes"] = [shown, *server["routes"]]


def handlers(config: Any, name: str) -> list[dict[str, Any]]:
    """Every handler of this kind, wherever it is."""
    if isinstance(config, list):
        return [found for each in config for found in handlers(each, name)]
    if not isinstance(config, dict):
        return []
    own = [config] if config.get("handler") == name else []
    return own + [found for each in config.values() for found in handlers(each, name)]


async def run_sql(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def all_at_once(engine: Engine) -> Callable[..., list[str]]:
    """A rolling restart that does not roll."""

    def restart(names: Sequence[str], progress: Progress, *, rolling: bool) -> list[str]:
        return engine.restart(names, progress, rolling=False)

    return restart

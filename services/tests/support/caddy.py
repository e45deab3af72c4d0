"""A configuration of the edge, as `caddy adapt` prints it, and where it sends requests."""

import re
from collections.abc import Iterator
from typing import Any

from chassis.service import load_services


def handlers(node: Any, name: str) -> Iterator[dict[str, Any]]:
    """Every handler of this name."""
    if isinstance(node, dict):
        if node.get("handler") == name:
            yield node
        for child in node.values():
            yield from handlers(child, name)
    elif isinstance(node, list):
        for child in node:
            yield from handlers(child, name)


def routes_of(node: Any) -> Iterator[dict[str, Any]]:
    """All routes, also those in others, in the order in which they are tried."""
    if isinstance(node, dict):
        yield from node.get("routes", ())
        for child in node.values():
            yield from routes_of(child)
    elif isinstance(node, list):
        for child in node:
            yield from routes_of(child)


def check_routes(configuration: dict[str, Any]) -> None:
    """Every path goes to the service that answers it, whose name is in the address of the upstream."""
    routes = [
        (re.compile(match["path_regexp"]["pattern"]), next(handlers(route, "reverse_proxy"))["upstreams"][0]["dial"])
        for route in routes_of(configuration)
        for match in route.get("match", ())
        if "path_regexp" in match and any(handlers(route, "reverse_proxy"))
    ]

    def upstream_of(path: str) -> str:
        return next((place for pattern, place in routes if pattern.search(path)), "")

    paths = [
        (each.name, path.replace("{id}", "018f-1"))
        for each in load_services(["all"])
        for path in each.paths
        if not path.startswith("/internal")
    ]
    assert len(paths) >= 10
    for name, path in paths:
        assert name in upstream_of(path), path
        assert name in upstream_of(f"{path}/more"), path
        assert name not in upstream_of(f"{path}more"), path

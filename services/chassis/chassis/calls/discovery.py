"""Where the instances of a service are. Callers ask a resolver; how it knows is a setting."""

import asyncio
import logging
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import orjson

from chassis.configuration import BadSettings
from chassis.errors import Unavailable
from chassis.settings import Discovery, Settings

log = logging.getLogger(__name__)

DNS_SECONDS = 2.0
"""How long an answer of DNS is good: soon enough for instances that come, and those that went are ejected by then."""


@dataclass(slots=True)
class Instance:
    """One process that serves a service; `outstanding` counts this caller's calls that it has not answered yet."""

    url: str
    zone: str = ""
    outstanding: int = 0
    ejected_until: float = 0.0


class Resolver(Protocol):
    """Knows the instances of every service at this moment."""

    async def resolve(self, service: str) -> Sequence[Instance]:
        """The instances of `service`. Raises Unavailable when none is known."""
        ...


class StaticResolver:
    """Instances listed in the settings: `UPSTREAMS=orders=http://h1:8000|http://h2:8000`."""

    def __init__(self, upstreams: Mapping[str, Iterable[str]]) -> None:
        self._instances = {service: [Instance(url) for url in urls] for service, urls in upstreams.items()}

    async def resolve(self, service: str) -> Sequence[Instance]:
        if found := self._instances.get(service):
            return found
        raise Unavailable(f"no instance of {service} is known: add it to UPSTREAMS")


class FileResolver:
    """Instances listed in a JSON file that somebody keeps up to date: `{"orders": ["http://h1:8000"]}`.

    The file is replaced in one step. To see whether it was is two microseconds, so there is nothing to be late with.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] = (0, 0)
        self._instances: dict[str, list[Instance]] = {}

    async def resolve(self, service: str) -> Sequence[Instance]:
        try:
            status = self._path.stat()
            if (stamp := (status.st_mtime_ns, status.st_ino)) != self._stamp:
                listed: dict[str, list[str]] = orjson.loads(self._path.read_bytes())
                self._instances = {name: _kept(self._instances.get(name, ()), urls) for name, urls in listed.items()}
                self._stamp = stamp
        except (OSError, ValueError) as error:
            log.warning("discovery goes on with what it knew: %s: %s", self._path, error)
        if found := self._instances.get(service):
            return found
        raise Unavailable(f"no instance of {service} is known: none is in {self._path.name}")


@dataclass(slots=True)
class _Known:
    """What DNS said of a service, and when."""

    instances: Sequence[Instance] = ()
    asked_at: float = float("-inf")
    asking: "asyncio.Task[None] | None" = field(default=None, repr=False)


class DnsResolver:
    """Instances by the name of their service: every address it has is one.

    A name with one address (a Kubernetes Service with a cluster IP, say) leaves the choice to the platform; one with
    the address of each instance (a headless Service, a Compose service) leaves it to the caller. Nobody waits for DNS
    but the first call: an answer that is old is used while a new one is asked for, also when DNS is away.
    """

    def __init__(self, url: str, *, seconds: float = DNS_SECONDS) -> None:
        """`url` is a template such as `http://{service}:8000`."""
        self._url = url
        self._seconds = seconds
        self._known: dict[str, _Known] = {}

    async def resolve(self, service: str) -> Sequence[Instance]:
        known = self._known.setdefault(service, _Known())
        if time.monotonic() - known.asked_at > self._seconds and known.asking is None:
            known.asking = asyncio.create_task(self._ask(service, known))
        if not known.instances and known.asking:
            await asyncio.shield(known.asking)
        if known.instances:
            return known.instances
        raise Unavailable(f"no instance of {service} is known: DNS has no address for it")

    async def _ask(self, service: str, known: _Known) -> None:
        scheme, _, authority = self._url.format(service=service).partition("://")
        host, _, port = authority.rpartition(":")
        try:
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)
            addresses = sorted({f"{scheme}://{_literal(address[4][0])}:{port}" for address in found})
            known.instances = _kept(known.instances, addresses)
        except OSError as error:
            log.warning("discovery goes on with what it knew: %s: %s", host, error)
        finally:
            known.asked_at, known.asking = time.monotonic(), None


def _literal(address: str | int) -> str:
    return f"[{address}]" if ":" in str(address) else str(address)


def _kept(before: Iterable[Instance], urls: Iterable[str]) -> list[Instance]:
    """Instances at `urls`; those that were known keep their counts."""
    known = {each.url: each for each in before}
    return [known.get(url) or Instance(url) for url in urls]


def resolver_for(settings: Settings) -> Resolver:
    """The resolver that the settings ask for. Raises BadSettings when they lack what it needs."""
    if settings.discovery is Discovery.STATIC:
        return StaticResolver(settings.static_upstreams)
    if settings.discovery is Discovery.DNS:
        return DnsResolver(settings.discovery_url)
    if settings.discovery_file is None:
        raise BadSettings("DISCOVERY=file needs DISCOVERY_FILE")
    return FileResolver(settings.discovery_file)

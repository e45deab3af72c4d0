"""Where the instances of a service are. Callers ask a resolver; how it knows is a setting."""

from dataclasses import dataclass
from typing import Protocol

from chassis.errors import Unavailable
from chassis.settings import Discovery, Settings


@dataclass(slots=True)
class Instance:
    """One process that serves a service; `outstanding` counts this caller's calls that it has not answered yet."""

    url: str
    zone: str = ""
    outstanding: int = 0


class Resolver(Protocol):
    """Knows the instances of every service at this moment."""

    async def resolve(self, service: str) -> list[Instance]:
        """The instances of `service`. Raises Unavailable when none is known."""
        ...


class StaticResolver:
    """Instances listed in the settings: `UPSTREAMS=orders=http://h1:8000|http://h2:8000`."""

    def __init__(self, upstreams: dict[str, tuple[str, ...]]) -> None:
        self._instances = {service: [Instance(url) for url in urls] for service, urls in upstreams.items()}

    async def resolve(self, service: str) -> list[Instance]:
        try:
            return self._instances[service]
        except KeyError:
            raise Unavailable(f"no instance of {service} is known: add it to UPSTREAMS") from None


def resolver_for(settings: Settings) -> Resolver:
    """The resolver that the settings ask for."""
    if settings.discovery is Discovery.STATIC:
        return StaticResolver(settings.static_upstreams)
    raise NotImplementedError(f"DISCOVERY={settings.discovery} is not built yet; use DISCOVERY=static")

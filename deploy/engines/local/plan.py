"""What a stack consists of: its processes, its one-time commands, and what each of them waits for."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from engines.external import External, address, server_address
from engines.local.announcement import INSTANCES
from engines.local.app import App
from engines.local.broker import Broker
from engines.local.edge import LOCAL, Edge, loopback_addresses
from engines.local.executables import executable
from engines.local.mail import Mail
from engines.local.migrated import is_migrated
from engines.local.openbao import OpenBao
from engines.local.ports import free_port, is_free
from engines.local.postgres import Postgres
from engines.local.server import HOST, Server
from engines.local.tasks import Task
from engines.local.valkey import Valkey
from engines.state import State
from engines.tier import ALL, UNIT, Tier, check_settings, service_names
from engines.vault_plan import VaultPlan

PORTS = "ports.json"
SETUP = "vault-setup"
MIGRATE = "migrate"
EMBEDDED_BROKER = {
    "KAFKA_REPLICATION": "1",
    "KAFKA_IDEMPOTENCE": "false",
    "KAFKA_FETCH_WAIT_MS": "100",
    "KAFKA_SESSION_SECONDS": "6",
    "KAFKA_LEAVE_GROUPS": "false",
}
"""What the broker in memory cannot do: idempotent producers, and to let the leader of a group leave while the group
forms: then nobody is the leader any more, and nobody gets a share. A leader that is silent for a session it replaces.
It also answers a waiting fetch only when half of the wait is over, and lets the first member of a group wait for half
of its session."""
MORE_THAN_AT_WORK = 2.5
"""What the edge gives an instance at a time, of what it works on: something to go on with, and little that waits. One
client has less there (`http/admission.py`: half of what is at work, a third of what waits), so others find a place."""
PASSED_ON = ("OTEL_", "LOG_LEVEL", "KAFKA_FETCH_", "KAFKA_RETENTION_HOURS", "PUBLIC_ORIGINS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What `up` was asked for. Holds credentials: it goes over the control socket, and is never written down."""

    tier: str
    values: Mapping[str, str]
    """The content of tier.env, where the caller's environment takes precedence."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """More settings of the app from the caller's environment."""
    external: External = field(default_factory=External)
    https_port: int = 8443
    http_port: int = 8080
    domain: str = LOCAL
    bind: Sequence[str] = field(default_factory=loopback_addresses)

    def to_json(self) -> dict[str, Any]:
        return json.loads(json.dumps(asdict(self)))  # type: ignore[no-any-return]

    def on_servers_of(self, other: "Request") -> "Request":
        """This one, on the servers and behind the edge of another."""
        return replace(
            self,
            external=other.external,
            https_port=other.https_port,
            http_port=other.http_port,
            domain=other.domain,
            bind=other.bind,
        )

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Request":
        return cls(**{**values, "external": External(**values["external"])})


def request_from(environment: Mapping[str, str], tier: Tier) -> Request:
    """What the environment of the caller asks for. Raises BadAddress, BadTier and ValueError."""
    prefixes = (*PASSED_ON, *(f"{service.upper()}_" for service in service_names()))
    values = tier.with_environment(environment).values
    settings = {name: value for name, value in environment.items() if name.startswith(prefixes)}
    check_settings({**values, **settings})
    domain = environment.get("EDGE_DOMAIN") or LOCAL
    bind = environment.get("EDGE_BIND", "").split() or (loopback_addresses() if domain == LOCAL else ["0.0.0.0", "::"])
    return Request(
        tier=tier.name,
        values=values,
        settings=settings,
        external=External.from_environment(environment),
        https_port=_port(environment, "EDGE_HTTPS_PORT", 8443),
        http_port=_port(environment, "EDGE_HTTP_PORT", 8080),
        domain=domain,
        bind=bind,
    )


def taken(environment: Mapping[str, str], request: Request) -> list[str]:
    """The variables of the caller that decide something, by name: what nobody meant can be seen."""
    external = ("DATABASE_URL", "REDIS_URL", "KAFKA_BOOTSTRAP_SERVERS", "SMTP_URL", "VAULT_ADDR")
    edge = ("EDGE_DOMAIN", "EDGE_BIND", "EDGE_HTTPS_PORT", "EDGE_HTTP_PORT")
    decide = {*request.values, *request.settings, *external, *edge}
    return sorted(name for name in decide if environment.get(name))


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isdigit() and 0 < int(text) < 65536):
        raise ValueError(f"{name} is not a port: {text}")
    return int(text)


class Plan:
    """The stack that a request describes, in the state folder. `servers` and `tasks` are in order of start."""

    def __init__(self, state: State, request: Request, *, running: "Plan | None" = None) -> None:
        """`running` is the stack whose servers and edge this one takes over."""
        self.state = state
        self.request = request
        self.tier = Tier(request.tier, request.values)
        self.before = running
        """Whose instances are still at work."""
        self._remembered = state.read(PORTS)
        self.ports: dict[str, int] = dict(running.ports) if running else {}
        given = request.external
        folder = state.folder
        self.postgres = None if given.database_url else Postgres(folder, self._port("postgres"))
        self.valkey = None if given.redis_url else Valkey(folder, self._port("valkey"), (UNIT, *service_names()))
        self.openbao = None if given.vault_addr else OpenBao(folder, self._port("openbao"))
        self.broker = None if given.kafka_bootstrap_servers else Broker(folder, self._port("broker"))
        self.mail = None if given.smtp_url else Mail(folder, self._port("mail"))
        self.groups = self.tier.groups()
        self._changed: dict[str, dict[str, str]] = {}
        self.slots = {
            group: [self._port(f"{group}-{number}") for number in range(1, int(self.tier["MAX_INSTANCES"]) + 1)]
            for group in self.groups
        }
        self.edge = Edge(
            folder,
            request.https_port,
            http_port=request.http_port,
            upstreams=self._places(),
            domain=request.domain,
            requests=int(MORE_THAN_AT_WORK * int(self.tier["MAX_IN_FLIGHT"])),
            addresses=request.bind,
            region=self.region,
        )
        state.write(PORTS, self.ports)

    @property
    def region(self) -> str:
        """Where all of it is."""
        return self.tier["REGIONS"].split(",")[0]

    def servers(self) -> list[Server]:
        """Everything but the instances of the app."""
        stores = (self.postgres, self.valkey, self.openbao, self.broker, self.mail)
        return [server for server in (*stores, self.edge) if server is not None]

    def tasks(self) -> list[Task]:
        """What must be done before the first instance starts, in this order."""
        command = [sys.executable, "-m", "engines.vault_bootstrap"]
        setup = Task(SETUP, command, {}, _names(self.postgres, self.openbao))
        if is_migrated(self.state, self.postgres):
            return [setup]
        command = [str(executable("boxoffice")), "migrate", "--seed"]
        return [setup, Task(MIGRATE, command, self.settings(MIGRATE), [SETUP, *_names(self.valkey)])]

    def shutdown_order(self) -> list[list[str]]:
        """Names of servers in groups that end one after the other; the instances of the app belong to the first."""
        middle = _names(self.mail, self.broker, self.valkey)
        return [[self.edge.name], middle, _names(self.openbao), _names(self.postgres)]

    def vault_plan(self) -> VaultPlan:
        """What to set up in Vault; to be asked for once OpenBao has been initialised."""
        given = self.request.external
        groups = {**(self.before.groups if self.before else {}), **self.groups}
        logins = {name: group.members for name, group in groups.items()}
        return VaultPlan(
            vault_addr=self.settings()["VAULT_ADDR"],
            token=given.vault_token or (self.openbao.first_token if self.openbao else ""),
            postgres_url=given.database_url or (self.postgres.url if self.postgres else ""),
            services=service_names(),
            logins=logins,
            outdated=[name for name in self._possible_logins() if name not in logins],
            credentials=self.state.credentials,
            operator=self.state.credentials,
            root_token_file=self.openbao.root_token_file if self.openbao else None,
            shared=given.shared_secrets,
            redis_passwords=self.valkey.passwords if self.valkey else {},
        )

    def access(self) -> dict[str, Any]:
        """Addresses; that of Postgres with the login of a user who may do everything."""
        plan = self.vault_plan()
        return {
            "url": self.edge.url,
            "plain_url": self.edge.plain_url,
            "database_url": plan.postgres_url,
            "vault_addr": plan.vault_addr,
            "mail": str(self.mail.folder) if self.mail else None,
        }

    def app(self, group: str, number: int) -> App:
        """An instance; it always has the same port, so that the edge knows where it will be."""
        port = self.slots[group][number - 1]
        settings = {**self.settings(group), **self._changed.get(group, {})}
        return App(self.state.folder, port, self.groups[group], number, settings)

    def change(self, groups: Iterable[str], settings: Mapping[str, str]) -> None:
        """Have instances of these groups that are made from now on work with other settings; empty: those of `up`."""
        for group in groups:
            changed = {**self._changed.get(group, {}), **settings}
            self._changed[group] = {name: value for name, value in changed.items() if value}

    def instances(self) -> list[App]:
        """The instances that there are at first."""
        return [self.app(name, number) for name in self.groups for number in range(1, self.tier.instances(name) + 1)]

    @staticmethod
    def _possible_logins() -> list[str]:
        return [UNIT, *(f"{name}{half}" for name in service_names() for half in ("", "-api", "-worker"))]

    def _places(self) -> dict[str, list[str]]:
        """Where instances may be, by the service that they answer for; `all` where each answers for every service."""
        places: dict[str, list[str]] = {}
        for name, group in self.groups.items():
            if group.answers:
                places.setdefault(group.services, []).extend(f"{HOST}:{port}" for port in self.slots[name])
        return places

    def settings(self, login: str = "app") -> dict[str, str]:
        """The environment of the app's processes: addresses without credentials, and where the login's files are."""
        given = self.request.external
        return {
            **self.tier.values,
            "NOTIFICATIONS_SHOP_URL": self.edge.url,
            **self.request.settings,
            "SERVICES": ALL,
            "REGION": self.region,
            "DISCOVERY": "file",
            "DISCOVERY_FILE": str(self.state.folder / INSTANCES),
            "VAULT_AUTH": "approle",
            "DATABASE_URL": server_address(given.database_url) if given.database_url else _of(self.postgres, "address"),
            "REDIS_URL": address(given.redis_url) or _of(self.valkey, "url"),
            "KAFKA_BOOTSTRAP_SERVERS": given.kafka_bootstrap_servers or _of(self.broker, "url"),
            **({} if given.kafka_bootstrap_servers else EMBEDDED_BROKER),
            "SMTP_URL": address(given.smtp_url) or _of(self.mail, "url"),
            "VAULT_ADDR": given.vault_addr or _of(self.openbao, "url"),
            "VAULT_ROLE_ID_FILE": str(self.state.credentials / f"{login}-role-id"),
            "VAULT_SECRET_ID_FILE": str(self.state.credentials / f"{login}-secret-id"),
        }

    def _port(self, name: str) -> int:
        """The port that `name` has, or had last time if it is still free."""
        if name in self.ports:
            return self.ports[name]
        remembered = self._remembered.get(name)
        if not (isinstance(remembered, int) and is_free(remembered)):
            remembered = free_port(avoid={*self.ports.values(), *self._remembered.values()})
        self.ports[name] = remembered
        return remembered


def _of(server: Server | None, attribute: str) -> str:
    return str(getattr(server, attribute)) if server else ""


def _names(*servers: Server | None) -> list[str]:
    return [server.name for server in servers if server is not None]

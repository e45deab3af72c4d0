"""Typed settings of a process, named after capabilities.

They come from the environment, which a deployment fills from `deploy/<tier>/tier.env`. No code asks which
tier it runs on: it asks whether a capability is there. A service's own settings inherit from `ServiceSettings`.
"""

import os
import re
import socket
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Discovery(StrEnum):
    """How a caller finds the instances of a service that runs in another process."""

    STATIC = "static"
    DNS = "dns"
    FILE = "file"
    KUBERNETES = "kubernetes"


class TLS(StrEnum):
    """Where TLS ends: at the edge only, or between all processes with a certificate on both sides."""

    EDGE = "edge"
    MUTUAL = "mutual"


class VaultAuth(StrEnum):
    """How a process proves to Vault who it is."""

    APPROLE = "approle"
    KUBERNETES = "kubernetes"


class Role(StrEnum):
    """Which half of a service a process runs: answering requests, working on events, or both."""

    ALL = "all"
    API = "api"
    WORKER = "worker"


class LogLevel(StrEnum):
    """From which severity on the process logs."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


BUILT: Mapping[str, Sequence[StrEnum]] = {
    "role": tuple(Role),
    "tls": (TLS.EDGE,),
    "discovery": (Discovery.STATIC, Discovery.DNS, Discovery.FILE),
    "vault_auth": tuple(VaultAuth),
    "log_level": tuple(LogLevel),
}
"""What is built of each capability. To choose anything else is refused at start: a process that took `TLS=mutual` and
did not encrypt would be worse than none.
"""

Count = Annotated[int, Field(ge=0, lt=2**31)]
PositiveCount = Annotated[int, Field(ge=1, lt=2**31)]
Seconds = Annotated[float, Field(ge=0, le=1e8)]
PositiveSeconds = Annotated[float, Field(gt=0, le=1e8)]
Rate = Annotated[float, Field(gt=0, le=1e8)]
"""How many in a second."""
Word = Annotated[str, Field(pattern=r"^[!-~]+$")]
"""Part of headers and of log lines: printable ASCII without blanks."""
HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s/]+\S*$")]

_UPSTREAMS = re.compile(r"(\s*[^\s=,|]+=https?://[^\s,|]+(\|https?://[^\s,|]+)*\s*(,|$))*")


class Settings(BaseSettings):
    """The capabilities of one process. Durations are seconds, sizes bytes."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    services: Annotated[tuple[str, ...], NoDecode, Field(min_length=1)] = ("all",)
    role: Role = Role.ALL
    region: Word = "local"
    instance: Word = Field(default_factory=lambda: f"{socket.gethostname()}-{os.getpid()}")
    version: Word = "0.1.0"

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    public_origins: Annotated[tuple[Annotated[str, Field(pattern=r"^https?://[^\s/]+$")], ...], NoDecode] = ()
    """Origins that may send state-changing requests besides the request's own host, e.g. `https://shop.example`."""
    drain_seconds: Seconds = 1.0
    """How long readiness fails before the process stops accepting connections."""
    shutdown_seconds: Seconds = 20.0
    max_in_flight: PositiveCount = 64
    max_queued: Count = 512
    max_queue_seconds: Seconds = 1.0
    max_body_bytes: PositiveCount = 64 * 1024
    max_body_seconds: PositiveSeconds = 10.0
    """How long a client may take to send the body of a request."""
    max_header_bytes: PositiveCount = 32 * 1024
    max_header_seconds: PositiveSeconds = 10.0
    """How long a client may take to send the headers of a request, from the first byte on."""
    max_streams: PositiveCount = 512
    """Streams of events at a time; fewer where the system does not allow twice as many open files."""
    answers_per_connection: Count = 0
    """About so many answers on a connection, then it is closed; 0: no end. Where the platform balances connections and
    not requests, as a Kubernetes Service does, this is what sends load to instances that came later."""
    slow_request_seconds: Seconds = 1.0
    """A request that takes longer is logged, with its trace."""
    log_level: LogLevel = LogLevel.INFO
    otlp_endpoint: HttpUrl | None = Field(default=None, validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")

    tls: TLS = TLS.EDGE
    discovery: Discovery = Discovery.STATIC
    upstreams: str = ""
    """Addresses for static discovery: `orders=http://h1:8000|http://h2:8000,seats=http://h3:8000`."""
    discovery_url: Annotated[str, Field(pattern=r"^https?://\S*\{service\}\S*:\d+$")] = "http://{service}:8000"
    """Where DNS discovery looks for a service."""
    discovery_file: Path | None = None
    """The JSON file of file discovery: `{"orders": ["http://h1:8000"]}`."""

    database_url: Annotated[str, Field(pattern=r"^postgres(ql)?://\S+$")] = "postgresql://127.0.0.1:5432"
    """Where Postgres is, without credentials (those are leased from Vault) and without the name of a database."""
    database_pool: PositiveCount = 8
    redis_url: Annotated[str, Field(pattern=r"^(rediss?|unix)://\S+$")] = "redis://127.0.0.1:6379/0"
    kafka_bootstrap_servers: Annotated[str, Field(pattern=r"^[^\s,]+:\d+(,[^\s,]+:\d+)*$")] = "127.0.0.1:9092"
    kafka_partitions: PositiveCount = 4
    kafka_replication: PositiveCount = 1
    kafka_idempotence: bool = True
    kafka_session_seconds: PositiveSeconds = 10.0
    """How long a consumer may be silent before its partitions go to the other members of its group."""
    kafka_leave_groups: bool = True
    """Whether a consumer that ends tells its group, so that the others take over at once. A broker that cannot be told
    while the group forms finds out by itself, after `kafka_session_seconds`."""
    kafka_retention_hours: PositiveSeconds = 168.0
    kafka_fetch_wait_ms: Count = 250
    """How long the broker may hold a fetch that finds nothing. Kafka answers as soon as there is something; a broker
    that does not needs a short wait here, which costs idle fetches."""
    smtp_url: Annotated[str, Field(pattern=r"^smtps?://[^\s/]+\S*$")] = "smtp://127.0.0.1:1025"

    secrets_folder: Path | None = None
    """Secrets come from files in here and not from Vault: see chassis/file_secrets.py."""
    vault_addr: HttpUrl = "http://127.0.0.1:8200"
    vault_auth: VaultAuth = VaultAuth.APPROLE
    vault_role: Word = "app"
    vault_role_id_file: Path | None = None
    vault_secret_id_file: Path | None = None
    vault_jwt_file: Path = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
    """The service account token for the login kubernetes; one with an audience of its own is good for nothing else."""
    vault_ca_file: Path | None = None

    @field_validator(*BUILT)
    @classmethod
    def _is_built(cls, value: StrEnum, info: ValidationInfo) -> StrEnum:
        built = BUILT[str(info.field_name)]
        if value not in built:
            raise ValueError(f"not built yet; possible: {', '.join(built)}")
        return value

    @field_validator("upstreams")
    @classmethod
    def _are_upstreams(cls, value: str) -> str:
        if not _UPSTREAMS.fullmatch(value):
            raise ValueError("write it as NAME=http://h1:8000|http://h2:8000,NAME=http://h3:8000")
        return value

    @field_validator("services", "public_origins", mode="before")
    @classmethod
    def _comma_separated(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @cached_property
    def static_upstreams(self) -> dict[str, tuple[str, ...]]:
        """`upstreams` by service name."""
        pairs = (entry.split("=", 1) for entry in self.upstreams.split(",") if "=" in entry)
        return {name.strip(): tuple(urls.strip().split("|")) for name, urls in pairs}


class ServiceSettings(BaseSettings):
    """Base of a service's own settings: give the subclass an `env_prefix`."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

"""What to set up in Vault; apart from the work itself, whose libraries are heavy."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccounts:
    """Logins by the service account of a pod: its name is `account`, in which `{login}` stands for the login's."""

    namespace: str
    account: str
    audience: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultPlan:
    """What to set up. Lease times are seconds.

    `postgres_url` holds the login of a user who may create roles and databases; Vault gets a user of its own.
    `logins` are those of running processes: name, and the services whose secrets each may have. Processes of a machine
    log in by two files, `<login>-role-id` and `<login>-secret-id`, which go to `credentials`, also for the login
    `migrate`; pods by their service accounts, which takes no file.
    """

    vault_addr: str
    token: str = field(repr=False)
    postgres_url: str = field(repr=False)
    services: Sequence[str]
    logins: Mapping[str, Sequence[str]]
    credentials: Path | None = None
    kubernetes: ServiceAccounts | None = None
    lease_seconds: int = 3600
    longest_lease_seconds: int = 24 * 3600
    token_seconds: int = 3600
    shared: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Addresses with credentials for `kv/shared`: redis_url, smtp_url, ..."""

    def to_json(self) -> str:
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> "VaultPlan":
        values = json.loads(text)
        credentials, kubernetes = values.get("credentials"), values.get("kubernetes")
        values["credentials"] = Path(credentials) if credentials else None
        values["kubernetes"] = ServiceAccounts(**kubernetes) if kubernetes else None
        return cls(**values)

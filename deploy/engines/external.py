"""Servers that somebody else runs: given by the environment, they take the place of the local ones."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from chassis.addresses import with_sslmode


class BadAddress(RuntimeError):
    """An address that was given lacks something. The message names it and what to do."""


@dataclass(frozen=True, slots=True)
class External:
    """Addresses as given, with whatever credentials they hold; empty: there is none, the stack runs its own.

    The credentials go to Vault and to nobody else: see `address`.
    """

    database_url: str = field(default="", repr=False)
    redis_url: str = field(default="", repr=False)
    kafka_bootstrap_servers: str = ""
    smtp_url: str = field(default="", repr=False)
    vault_addr: str = ""
    vault_token: str = field(default="", repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "External":
        """Raises BadAddress."""
        found = cls(
            database_url=with_sslmode(given) if (given := environment.get("DATABASE_URL", "")) else "",
            redis_url=environment.get("REDIS_URL", ""),
            kafka_bootstrap_servers=environment.get("KAFKA_BOOTSTRAP_SERVERS", ""),
            smtp_url=environment.get("SMTP_URL", ""),
            vault_addr=environment.get("VAULT_ADDR", ""),
            vault_token=environment.get("VAULT_TOKEN", "") if environment.get("VAULT_ADDR") else "",
        )
        if found.database_url and not urlsplit(found.database_url).password:
            raise BadAddress(
                "DATABASE_URL needs the login of a user who may create roles and databases: "
                "postgresql://USER:PASSWORD@HOST:PORT (only Vault gets to see it)"
            )
        if found.vault_addr and not found.vault_token:
            raise BadAddress("VAULT_ADDR needs VAULT_TOKEN too: a token that may set up mounts, policies and logins")
        return found

    @property
    def shared_secrets(self) -> dict[str, str]:
        """The addresses that hold a credential, for `kv/shared`; Postgres logins are leased instead."""
        return {
            name: url
            for name, url in (("redis_url", self.redis_url), ("smtp_url", self.smtp_url))
            if address(url) != url
        }


def address(url: str) -> str:
    """`url` without user and password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if "@" in parts.netloc else url


def server_address(database_url: str) -> str:
    """A Postgres URL without user, password and database: services add the name of theirs."""
    parts: SplitResult = urlsplit(address(database_url))
    return parts._replace(path="").geturl()

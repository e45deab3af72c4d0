"""Servers of somebody else: their credentials go to Vault and to nobody else."""

import pytest

from engines.external import BadAddress, External, address, server_address

ADMIN = "postgresql://admin:s3cret@db.example:5433/defaultdb?sslmode=require"


def test_nothing_given_is_nothing_external() -> None:
    assert External.from_environment({}) == External()


def test_what_is_given_is_taken() -> None:
    given = External.from_environment({"DATABASE_URL": ADMIN, "KAFKA_BOOTSTRAP_SERVERS": "k1:9092,k2:9092"})
    assert given.database_url == ADMIN
    assert given.kafka_bootstrap_servers == "k1:9092,k2:9092"


def test_a_token_alone_is_not_taken() -> None:
    assert External.from_environment({"VAULT_TOKEN": "s.abc"}).vault_token == ""


@pytest.mark.parametrize(
    ("environment", "missing"),
    [({"DATABASE_URL": "postgresql://db.example"}, "USER:PASSWORD"), ({"VAULT_ADDR": "https://v"}, "VAULT_TOKEN")],
)
def test_what_is_missing_is_named(environment: dict[str, str], missing: str) -> None:
    with pytest.raises(BadAddress, match=missing):
        External.from_environment(environment)


def test_an_address_has_no_credentials() -> None:
    assert address("redis://user:p%40ss@cache.example:6380/2") == "redis://cache.example:6380/2"
    assert address("smtp://mail.example") == "smtp://mail.example"
    assert address("") == ""


def test_the_address_of_postgres_has_no_database_either() -> None:
    assert server_address(ADMIN) == "postgresql://db.example:5433?sslmode=require"


def test_only_addresses_with_credentials_are_secrets() -> None:
    given = External(redis_url="redis://:pw@cache.example", smtp_url="smtp://mail.example", database_url=ADMIN)
    assert given.shared_secrets == {"redis_url": "redis://:pw@cache.example"}


def test_credentials_are_not_shown() -> None:
    assert "s3cret" not in repr(External(database_url=ADMIN, redis_url="redis://:s3cret@x", vault_token="s3cret"))

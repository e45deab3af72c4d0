"""TLS to Postgres: asked for wherever a network is between, unless the address says otherwise."""

import pytest

from chassis.addresses import sslmode_of, with_sslmode
from chassis.database.database import Database


@pytest.mark.parametrize(
    ("host", "mode"),
    [
        ("127.0.0.1:5432", "disable"),
        ("127.8.8.8", "disable"),
        ("[::1]:5432", "disable"),
        ("localhost", "disable"),
        ("LOCALHOST:1", "disable"),
        ("postgres:5432", "require"),
        ("db.example.com", "require"),
        ("localhost.example.com", "require"),
        ("10.0.0.5", "require"),
        ("[2001:db8::1]:5432", "require"),
        ("0.0.0.0", "require"),
    ],
)
def test_only_this_machine_is_trusted_with_plain_text(host: str, mode: str) -> None:
    assert sslmode_of(f"postgresql://{host}/orders") == mode
    assert sslmode_of(f"postgresql://me:pw@{host}?application_name=x") == mode
    assert Database(f"postgresql://{host}", "orders", None)._target["ssl"] == mode  # type: ignore[arg-type]


def test_the_address_decides_where_it_says_something() -> None:
    url = "postgresql://db.example.com:5432?sslmode=verify-full"
    assert sslmode_of(url) == "verify-full"
    assert with_sslmode(url) == url


def test_what_else_the_address_says_stays() -> None:
    assert with_sslmode("postgresql://a:b@db:1/x?y=1") == "postgresql://a:b@db:1/x?y=1&sslmode=require"

"""Copying databases from one real Postgres to another."""

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest

from engines.copying import contents, copy_databases
from engines.databases import ensure_databases
from engines.local.servers import start
from engines.protocol import EngineError, in_silence

SERVICES = ["orders", "seats"]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with two services' databases, one of which has a table, owned by its group."""
    server = start("postgres", tmp_path_factory.mktemp("source"))
    ensure_databases(server.url, SERVICES, vault_password=None)
    run(
        f"{server.url}/orders",
        "SET ROLE orders_owner",
        "CREATE TABLE orders (id serial PRIMARY KEY, seats text[] NOT NULL, placed timestamptz NOT NULL DEFAULT now())",
        "INSERT INTO orders (seats) SELECT ARRAY['A' || n] FROM generate_series(1, 100) AS n",
    )
    yield server.url
    server.stop()


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Another server, with an administrator who is no superuser."""
    server = start("postgres", tmp_path_factory.mktemp("elsewhere"))
    run(f"{server.url}/postgres", "CREATE ROLE manager LOGIN CREATEROLE CREATEDB PASSWORD 'of the provider'")
    yield server.url.replace(server.url[len("postgresql://") : server.url.index("@")], "manager:of%20the%20provider")
    server.stop()


@pytest.fixture
def target(elsewhere: str) -> Iterator[str]:
    """The other server, in which there is nothing yet."""
    yield elsewhere
    run(f"{elsewhere}/postgres", *(f"DROP DATABASE IF EXISTS {service}" for service in SERVICES))


def run(url: str, *statements: str) -> list[asyncpg.Record]:
    """The rows of the last statement."""

    async def execute() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(url)
        try:
            rows: list[asyncpg.Record] = []
            for statement in statements:
                rows = await connection.fetch(statement)
            return rows
        finally:
            await connection.close()

    return asyncio.run(execute())


def test_all_of_it_is_there_and_belongs_to_its_group(source: str, target: str) -> None:
    there = copy_databases(source, target, SERVICES, in_silence)

    assert there == contents(source, SERVICES)
    assert there["orders.orders"].rows == 100
    assert there["orders.orders_id_seq"].checksum == 100
    (owner,) = run(f"{target}/orders", "SELECT tableowner FROM pg_tables WHERE tablename = 'orders'")
    assert owner["tableowner"] == "orders_owner"
    (allowed,) = run(f"{target}/orders", "SELECT has_table_privilege('orders_rw', 'orders', 'INSERT') AS it")
    assert allowed["it"]


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM orders WHERE id = 7",
        "UPDATE orders SET seats = '{B1}' WHERE id = 7",
        "INSERT INTO orders SELECT 101, seats, placed FROM orders WHERE id = 7",
        "SELECT nextval('orders_id_seq')",
        "CREATE TABLE more (id int)",
    ],
)
def test_any_difference_is_seen(change: str, source: str, target: str) -> None:
    copy_databases(source, target, SERVICES, in_silence)

    run(f"{target}/orders", "SET ROLE orders_owner", change)

    assert contents(target, SERVICES) != contents(source, SERVICES)


def test_refused_while_somebody_works_on_it(source: str, target: str) -> None:
    async def copy_meanwhile() -> None:
        connection = await asyncpg.connect(f"{source}/orders")
        try:
            with pytest.raises(EngineError, match="somebody still works on orders"):
                await asyncio.to_thread(copy_databases, source, target, SERVICES, in_silence)
        finally:
            await connection.close()

    asyncio.run(copy_meanwhile())


def test_refused_where_there_are_tables(source: str, target: str) -> None:
    copy_databases(source, target, SERVICES, in_silence)

    with pytest.raises(EngineError, match="tables in orders already"):
        copy_databases(source, target, SERVICES, in_silence)


def test_what_went_wrong_is_said(source: str) -> None:
    with pytest.raises(EngineError, match="copying failed"):
        copy_databases(source, "postgresql://manager:secret@127.0.0.1:9", SERVICES, in_silence)

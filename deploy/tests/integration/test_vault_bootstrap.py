"""Setting up Vault: all is there, again is harmless, and every login may do what it needs and no more."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import hvac
import pytest
from hvac import exceptions as refused

from chassis.database import Database
from chassis.database.migrations import upgrade
from chassis.outgoing import vault_client
from chassis.testing import StaticSecrets, eventually
from engines.local.openbao import OpenBao
from engines.local.servers import Running
from engines.tier import service_names
from engines.vault_bootstrap import bootstrap
from engines.vault_operator import NoOperator
from engines.vault_plan import VaultPlan

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("servers")]

Credentials = dict[str, Any]


@pytest.fixture(scope="module")
def plan(servers: dict[str, Running]) -> VaultPlan:
    openbao = servers["openbao"].server
    assert isinstance(openbao, OpenBao)
    plan = VaultPlan(
        vault_addr=openbao.url,
        token=openbao.root_token,
        postgres_url=servers["postgres"].url,
        services=service_names(),
        logins={"app": service_names(), "orders": ["orders"]},
        credentials=openbao.root_token_file.parent,
        operator=openbao.root_token_file.parent,
        shared={"redis_url": "redis://:pw@cache.example"},
    )
    bootstrap(plan)
    return plan


def folder_of(plan: VaultPlan) -> Path:
    """Where the files of the logins are."""
    assert plan.credentials is not None
    return plan.credentials


def logged_in(plan: VaultPlan, role: str) -> hvac.Client:
    client = vault_client(plan.vault_addr)
    role_id, secret_id = ((folder_of(plan) / f"{role}-{kind}-id").read_text() for kind in ("role", "secret"))
    client.auth.approle.login(role_id, secret_id)
    return client


@pytest.fixture
def root(plan: VaultPlan) -> hvac.Client:
    return vault_client(plan.vault_addr, token=plan.token)


@pytest.fixture
def app(plan: VaultPlan) -> hvac.Client:
    return logged_in(plan, "app")


@pytest.fixture
def migrate(plan: VaultPlan) -> hvac.Client:
    return logged_in(plan, "migrate")


def secret(client: hvac.Client, path: str) -> dict[str, str]:
    answer = client.secrets.kv.v2.read_secret_version(path, mount_point="kv", raise_on_deleted_version=True)
    data: dict[str, str] = answer["data"]["data"]
    return data


def lease(client: hvac.Client, role: str) -> Credentials:
    answer: Credentials = client.secrets.database.generate_credentials(role, mount_point="database")
    return answer


Connect = Callable[..., Any]


@pytest.fixture
def connect(servers: dict[str, Running]) -> Connect:
    @asynccontextmanager
    async def connect(credentials: Credentials, database: str) -> AsyncIterator[asyncpg.Connection]:
        login = {"user": credentials["data"]["username"], "password": credentials["data"]["password"]}
        connection = await asyncpg.connect(host="127.0.0.1", port=servers["postgres"].port, database=database, **login)
        try:
            yield connection
        finally:
            await connection.close()

    return connect


def test_every_service_that_needs_secrets_has_them(app: hvac.Client) -> None:
    assert set(secret(app, "services/accounts")) == {
        "demo_password",
        "organiser_password",
        "redis_password",
        "signing_key",
    }
    assert len(bytes.fromhex(secret(app, "services/notifications")["ticket_key"])) == 32
    assert secret(app, "services/payments")["provider_api_key"]


def test_addresses_with_credentials_are_for_all(app: hvac.Client) -> None:
    assert secret(app, "shared") == {"redis_url": "redis://:pw@cache.example"}


def test_again_is_harmless_and_changes_no_secret(plan: VaultPlan, app: hvac.Client) -> None:
    files = {path: path.read_text() for path in folder_of(plan).iterdir() if "secret-id" not in path.name}
    before = secret(app, "services/accounts")

    bootstrap(VaultPlan.from_json(plan.to_json()))

    assert secret(logged_in(plan, "app"), "services/accounts") == before
    assert {path: path.read_text() for path in files} == files
    assert {path.stat().st_mode & 0o777 for path in folder_of(plan).iterdir()} == {0o600}


def test_the_operator_does_without_the_root_token_and_only_what_it_must(plan: VaultPlan) -> None:
    bootstrap(replace(plan, token=""))
    operator = logged_in(plan, "operator")
    assert secret(operator, "services/accounts")["demo_password"]
    everything = 'path "*" { capabilities = ["sudo", "read"] }'
    refusals: list[Callable[[], object]] = [
        lambda: operator.sys.create_or_update_acl_policy("operator", everything),
        lambda: operator.sys.create_or_update_acl_policy("mine", everything),
        lambda: operator.auth.approle.create_or_update_approle("operator", token_policies=["mine"]),
        lambda: operator.auth.token.create(policies=["default"]),
        operator.auth.token.create_orphan,
        operator.sys.list_enabled_audit_devices,
        lambda: operator.sys.enable_auth_method("userpass"),
        lambda: operator.sys.enable_secrets_engine("pki"),
        lambda: operator.sys.disable_secrets_engine("kv"),
        operator.sys.seal,
        lambda: operator.read("sys/policies/acl/operator"),
        lambda: operator.read("database/creds/orders-owner"),
        lambda: operator.read("kv/data/other"),
    ]
    for refusal in refusals:
        with pytest.raises(refused.Forbidden):
            refusal()


def test_the_first_token_is_revoked_and_its_file_goes(plan: VaultPlan, root: hvac.Client, tmp_path: Path) -> None:
    first = root.auth.token.create(policies=["root"])["auth"]["client_token"]
    (tmp_path / "root-token").write_text(first)
    bootstrap(replace(plan, token=first, root_token_file=tmp_path / "root-token"))
    assert not (tmp_path / "root-token").exists()
    assert not vault_client(plan.vault_addr, token=first).is_authenticated()
    assert logged_in(plan, "operator").is_authenticated()


def test_a_lost_operator_is_told_with_the_way_out(plan: VaultPlan, tmp_path: Path) -> None:
    with pytest.raises(NoOperator, match=r"operator-role-id is gone.*down --clean.*restore"):
        bootstrap(replace(plan, token="", operator=tmp_path))


def test_what_a_process_logs_in_with_is_good_for_a_bounded_time(plan: VaultPlan, root: hvac.Client) -> None:
    roles = root.auth.approle.list_roles()["data"]["keys"]
    assert {"app", "orders", "migrate", "tools", "operator"} == set(roles)
    seconds = {role: root.auth.approle.read_role(role)["data"]["secret_id_ttl"] for role in roles}
    assert {seconds["migrate"], seconds["tools"]} == {900}
    assert seconds["app"] == seconds["orders"] == 72 * 3600
    assert 0 < seconds["operator"] <= 366 * 24 * 3600


def test_the_logins_of_another_tier_go(plan: VaultPlan, root: hvac.Client) -> None:
    bootstrap(replace(plan, token="", logins={"orders": ["orders"]}, outdated=["app"]))
    assert "app" not in root.auth.approle.list_roles()["data"]["keys"]
    assert not (folder_of(plan) / "app-secret-id").exists()
    bootstrap(plan)


async def test_a_service_appends_to_its_log_and_changes_nothing_in_it(
    plan: VaultPlan, app: hvac.Client, migrate: hvac.Client, connect: Connect
) -> None:
    owner = lease(migrate, "payments-owner")["data"]
    secrets = StaticSecrets(username=owner["username"], password=owner["password"])
    database = Database(plan.postgres_url, "payments", await secrets.database_credentials("payments-owner"))
    await upgrade("payments", database)
    await database.close()
    append = "INSERT INTO event_log (id, topic, key, type, data) VALUES (gen_random_uuid(), $1, 'k', 't', $2)"
    async with connect(lease(app, "payments"), "payments") as service:
        for topic in ("payments", "orders.dead-letter"):
            await service.execute(append, topic, '{"a": 1}')
        await service.execute("UPDATE event_log SET published_at = now()")
        await service.execute("UPDATE event_log SET data = '{}' WHERE topic = 'orders.dead-letter'")
        for statement in (
            "UPDATE event_log SET data = '{}'",
            "UPDATE event_log SET time = now()",
            "UPDATE event_log SET topic = 'orders.dead-letter'",
            "UPDATE event_log SET key = 'other'",
            "DELETE FROM event_log",
            "TRUNCATE event_log",
            "ALTER TABLE event_log DISABLE TRIGGER keep_event",
            "DROP TRIGGER keep_event ON event_log",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await service.execute(statement)
        assert await service.fetchval("SELECT data->>'a' FROM event_log WHERE topic = 'payments'") == "1"


def test_a_missing_secret_is_added_to_those_that_are_there(plan: VaultPlan, root: hvac.Client) -> None:
    path = "services/accounts"
    before = secret(root, path)
    root.secrets.kv.v2.create_or_update_secret(path, {"demo_password": before["demo_password"]}, mount_point="kv")
    bootstrap(plan)
    after = secret(root, path)
    assert after["demo_password"] == before["demo_password"]
    assert after["organiser_password"] != before["organiser_password"]


def test_a_lost_login_is_made_again(plan: VaultPlan) -> None:
    (folder_of(plan) / "app-secret-id").unlink()
    bootstrap(plan)
    assert logged_in(plan, "app").is_authenticated()


async def test_a_broken_way_to_postgres_is_repaired(plan: VaultPlan, root: hvac.Client) -> None:
    admin = await asyncpg.connect(plan.postgres_url + "/postgres")
    await admin.execute("ALTER ROLE vault PASSWORD 'lost'")
    await admin.close()
    with pytest.raises(refused.VaultError):
        root.secrets.database.reset_connection("postgres", mount_point="database")
    await _in_thread(bootstrap, plan)
    assert lease(root, "orders")["lease_duration"] == 3600


async def test_the_owner_makes_tables_and_the_service_works_in_them(
    app: hvac.Client, migrate: hvac.Client, connect: Connect
) -> None:
    async with connect(lease(migrate, "orders-owner"), "orders") as owner:
        await owner.execute("CREATE TABLE things (id serial PRIMARY KEY, name text)")
        assert await owner.fetchval("SELECT tableowner FROM pg_tables WHERE tablename = 'things'") == "orders_owner"
    async with connect(lease(app, "orders"), "orders") as service:
        assert await service.fetchval("INSERT INTO things (name) VALUES ('a') RETURNING id") == 1
        await service.execute("UPDATE things SET name = 'b'")
        await service.execute("DELETE FROM things")
    async with connect(lease(migrate, "orders-owner"), "orders") as another_owner:
        await another_owner.execute("DROP TABLE things")


@pytest.mark.parametrize("statement", ["CREATE TABLE mine ()", "SET ROLE orders_owner", "CREATE ROLE friend"])
async def test_a_service_may_not_change_its_database(app: hvac.Client, connect: Connect, statement: str) -> None:
    async with connect(lease(app, "orders"), "orders") as service:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await service.execute(statement)


async def test_a_service_may_not_enter_anothers_database(app: hvac.Client, connect: Connect) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with connect(lease(app, "orders"), "seats"):
            pass


def test_logins_are_kept_apart(app: hvac.Client, migrate: hvac.Client) -> None:
    for client, path in ((app, "database/creds/orders-owner"), (migrate, "database/creds/orders")):
        with pytest.raises(refused.Forbidden):
            client.read(path)
    for path in ("kv/data/services/other", "sys/policies/acl/service-orders", "auth/approle/role/app/secret-id"):
        with pytest.raises(refused.Forbidden):
            app.read(path)


def test_the_login_of_one_service_opens_that_service_only(plan: VaultPlan) -> None:
    orders = logged_in(plan, "orders")
    assert orders.secrets.database.generate_credentials("orders")["data"]["username"]
    for path in ("database/creds/payments", "kv/data/services/payments", "database/creds/orders-owner"):
        with pytest.raises(refused.Forbidden):
            orders.read(path)


async def test_what_is_given_back_is_gone_and_its_connections_with_it(app: hvac.Client, connect: Connect) -> None:
    credentials = lease(app, "orders")
    async with connect(credentials, "orders") as service:
        await _in_thread(app.sys.revoke_lease, credentials["lease_id"])
        broken = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, ConnectionError)
        with pytest.raises(broken):
            await service.execute("SELECT 1")
    with pytest.raises(asyncpg.InvalidPasswordError):
        async with connect(credentials, "orders"):
            pass


async def test_a_lease_ends_by_itself(plan: VaultPlan, root: hvac.Client, connect: Connect) -> None:
    await _in_thread(bootstrap, replace(plan, lease_seconds=1, longest_lease_seconds=2))
    credentials = lease(root, "seats")
    assert credentials["lease_duration"] == 1

    async def is_refused() -> bool:
        try:
            async with connect(credentials, "seats"):
                return False
        except asyncpg.InvalidAuthorizationSpecificationError:
            return True

    await eventually(is_refused)
    await _in_thread(bootstrap, plan)


async def _in_thread(work: Callable[..., Any], *arguments: Any) -> None:
    """Run what has an event loop of its own, or would hold ours up."""
    import asyncio

    await asyncio.to_thread(work, *arguments)


def test_the_plan_does_not_show_its_credentials(plan: VaultPlan, tmp_path: Path) -> None:
    assert plan.token not in repr(plan)
    assert "pw@" not in repr(plan)
    assert replace(plan, credentials=tmp_path) == VaultPlan.from_json(replace(plan, credentials=tmp_path).to_json())

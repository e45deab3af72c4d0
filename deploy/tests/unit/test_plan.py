"""What a stack consists of, and what its processes are told."""

import os
from pathlib import Path

import pytest

from engines.local.migrated import remember
from engines.local.plan import Plan, Request, request_from
from engines.local.ports import free_port
from engines.state import State
from engines.tier import load_tier

LOCAL = ["postgres", "valkey", "openbao", "broker", "mail", "edge"]


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path)
    state.make()
    return state


def plan(state: State, **environment: str) -> Plan:
    return Plan(state, request_from(environment, load_tier("startup")))


def test_the_startup_tier_runs_every_server_here(state: State) -> None:
    assert [server.name for server in plan(state).servers()] == LOCAL


@pytest.mark.parametrize(
    ("environment", "replaced"),
    [
        ({"DATABASE_URL": "postgresql://admin:pw@db.example"}, "postgres"),
        ({"REDIS_URL": "redis://cache.example"}, "valkey"),
        ({"KAFKA_BOOTSTRAP_SERVERS": "k:9092"}, "broker"),
        ({"VAULT_ADDR": "https://vault.example", "VAULT_TOKEN": "t"}, "openbao"),
        ({"SMTP_URL": "smtp://mail.example"}, "mail"),
    ],
)
def test_a_server_that_is_given_is_not_started(state: State, environment: dict[str, str], replaced: str) -> None:
    with_it = plan(state, **environment)
    name, value = next(iter(environment.items()))
    host = value.rpartition("@")[2].rpartition("/")[2]
    assert [server.name for server in with_it.servers()] == [name for name in LOCAL if name != replaced]
    assert host in with_it.settings()[name]
    assert replaced not in {name for task in with_it.tasks() for name in task.after}


def test_no_process_is_told_a_credential(state: State) -> None:
    environment = {
        "DATABASE_URL": "postgresql://admin:s3cret@db.example/x",
        "REDIS_URL": "redis://:s3cret@cache.example",
        "SMTP_URL": "smtp://me:s3cret@mail.example",
        "VAULT_ADDR": "https://vault.example",
        "VAULT_TOKEN": "s3cret",
    }
    with_them = plan(state, **environment)
    told = [with_them.app("app", 1).full_environment(), *(task.environment for task in with_them.tasks())]
    assert "s3cret" not in str(told)
    assert "s3cret" not in str([task.command for task in with_them.tasks()])


def test_the_embedded_broker_is_spared_what_it_cannot_do(state: State) -> None:
    assert plan(state).settings()["KAFKA_IDEMPOTENCE"] == "false"
    assert "KAFKA_IDEMPOTENCE" not in plan(state, KAFKA_BOOTSTRAP_SERVERS="k:9092").settings()


def test_an_instance_knows_its_name_place_and_services(state: State) -> None:
    made = plan(state)
    environment = made.app("app", 2).full_environment()
    assert environment["INSTANCE"] == "app-2"
    assert environment["SERVICES"] == "all"
    assert int(environment["PORT"]) == made.slots["app"][1]


def test_migrations_have_a_login_of_their_own(state: State) -> None:
    made = plan(state)
    assert made.settings("migrate")["VAULT_ROLE_ID_FILE"] != made.settings()["VAULT_ROLE_ID_FILE"]


def test_ports_stay_the_same(state: State) -> None:
    first, second = plan(state), plan(state)
    assert first.slots == second.slots
    assert [server.port for server in first.servers()] == [server.port for server in second.servers()]


def test_no_port_is_given_twice(state: State) -> None:
    made = plan(state)
    ports = [*(server.port for server in made.servers()), *made.slots["app"]]
    assert len(ports) == len(set(ports))


def test_broken_memory_of_ports_is_replaced(state: State) -> None:
    (state.folder / "ports.json").write_text('{"valkey": "many"}')
    made = plan(state)
    assert made.valkey is not None
    assert state.read("ports.json")["valkey"] == made.valkey.port


def test_the_environment_overrides_the_tier_and_its_services_settings(state: State) -> None:
    settings = plan(state, LOG_LEVEL="DEBUG", SEATS_HOLD_SECONDS="5", HOLIDAY="yes").settings()
    assert settings["LOG_LEVEL"] == "DEBUG"
    assert settings["SEATS_HOLD_SECONDS"] == "5"
    assert "HOLIDAY" not in settings


def test_the_edge_moves(state: State) -> None:
    https, http = free_port(), free_port()
    edge = plan(state, EDGE_HTTPS_PORT=str(https), EDGE_HTTP_PORT=str(http)).edge
    assert edge.url == f"https://localhost:{https}"
    assert edge.environment()["EDGE_HTTP_PORT"] == str(http)
    assert edge.environment()["EDGE_REGION"] == plan(state).settings()["REGION"] == "local"


def test_the_usual_port_is_not_shown(state: State) -> None:
    assert plan(state, EDGE_HTTPS_PORT="443", EDGE_DOMAIN="shop.example").edge.url == "https://shop.example"


def test_a_public_name_listens_to_the_world_and_localhost_to_itself(state: State) -> None:
    assert plan(state).edge.addresses[0] == "127.0.0.1"
    assert plan(state, EDGE_DOMAIN="shop.example").edge.addresses == ["0.0.0.0", "::"]


@pytest.mark.parametrize("text", ["x", "0", "65536", "-1"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="EDGE_HTTPS_PORT is not a port"):
        request_from({"EDGE_HTTPS_PORT": text}, load_tier("startup"))


def test_a_request_travels() -> None:
    request = request_from({"REDIS_URL": "redis://x", "LOG_LEVEL": "DEBUG"}, load_tier("startup"))
    assert Request.from_json(request.to_json()) == request


def test_everything_is_shut_down_in_order(state: State) -> None:
    order = plan(state).shutdown_order()
    assert order[0] == ["edge"]
    assert order[-2:] == [["openbao"], ["postgres"]]
    assert sorted(name for names in order for name in names) == sorted(LOCAL)


def test_a_cluster_is_migrated_once_by_the_same_code(state: State) -> None:
    made = plan(state)
    assert made.postgres is not None
    made.postgres.data.mkdir()
    birth = made.postgres.data / "PG_VERSION"
    birth.write_text("18")
    assert [task.name for task in made.tasks()] == ["vault-setup", "migrate"]

    remember(state, made.postgres)
    assert [task.name for task in made.tasks()] == ["vault-setup"]

    birth.unlink()  # another cluster in its place
    birth.write_text("18")
    os.utime(birth, ns=(1, 1))
    assert [task.name for task in made.tasks()] == ["vault-setup", "migrate"]


def test_somebody_elses_postgres_is_always_looked_at(state: State) -> None:
    made = plan(state, DATABASE_URL="postgresql://admin:pw@db.example")
    remember(state, made.postgres)
    assert [task.name for task in made.tasks()] == ["vault-setup", "migrate"]

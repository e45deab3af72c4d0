"""A process that cannot do what its settings say does not start, and one line says why."""

import ast
import os
import subprocess
import sys
from enum import Enum
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from chassis.calls.discovery import resolver_for
from chassis.configuration import BadSettings, check, read
from chassis.process.process import create_process
from chassis.service.service import create_service, load_services
from chassis.settings import BUILT, TLS, Discovery, Settings, VaultAuth

KINDS: list[type[BaseSettings]] = [Settings, *dict.fromkeys(each.settings for each in load_services(["all"]))]


def variable(kind: type[BaseSettings], name: str) -> str:
    alias = kind.model_fields[name].validation_alias
    return str(alias) if alias else f"{kind.model_config.get('env_prefix', '')}{name}".upper()


CHOICES = [
    (kind, name, choice)
    for kind in KINDS
    for name, field in kind.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Enum)
    for choice in field.annotation
]
NUMBERS = [
    (kind, name)
    for kind in KINDS
    for name, field in kind.model_fields.items()
    if str(field.annotation).removeprefix("typing.Optional[").rstrip("]") in {"<class 'int'>", "<class 'float'>"}
    or str(field.annotation) in {"int | None", "float | None"}
]
MAY_BE_ZERO = {
    "ANSWERS_PER_CONNECTION",
    "CATALOG_CACHE_SECONDS",
    "DRAIN_SECONDS",
    "KAFKA_FETCH_WAIT_MS",
    "MAX_QUEUED",
    "MAX_QUEUE_SECONDS",
    "PAYMENTS_ROUND_SECONDS",
    "SHUTDOWN_SECONDS",
    "SLOW_REQUEST_SECONDS",
}


@pytest.fixture(scope="module")
def read_names() -> set[str]:
    """The names of all attributes that the chassis and the services look at."""
    packages = {Path(sys.modules[kind.__module__].__file__ or "").parent for kind in KINDS}
    trees = [ast.parse(file.read_text()) for package in packages for file in package.rglob("*.py")]
    return {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize(("kind", "name", "choice"), CHOICES, ids=str)
def test_every_choice_works_or_is_refused(
    kind: type[BaseSettings], name: str, choice: Enum, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable(kind, name), str(choice.value))
    if choice in BUILT[name]:
        assert getattr(read(kind), name) is choice
        return
    with pytest.raises(BadSettings) as refused:
        read(kind)
    assert str(refused.value) == f"{variable(kind, name)}={choice}: not built yet; possible: {', '.join(BUILT[name])}"


def test_what_is_chosen_among_is_known() -> None:
    assert {name for _, name, _ in CHOICES} == set(BUILT)
    assert TLS.MUTUAL not in BUILT["tls"]
    assert all(BUILT.values())


def test_what_is_built_is_what_the_code_has() -> None:
    resolvers = [
        type(resolver_for(Settings(discovery=Discovery(each), discovery_file=Path("instances.json"))))
        for each in BUILT["discovery"]
    ]
    assert len(set(resolvers)) == len(BUILT["discovery"])
    assert set(BUILT["vault_auth"]) == set(VaultAuth)


@pytest.mark.parametrize(("kind", "name"), NUMBERS, ids=str)
@pytest.mark.parametrize("value", ["-1", "nan", "inf", "-inf", "1e400", "9" * 30, "many"])
def test_a_number_out_of_range_is_refused(
    kind: type[BaseSettings], name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable(kind, name), value)
    with pytest.raises(BadSettings, match=f"^{variable(kind, name)}={value}: [^\n]+$"):
        read(kind)


@pytest.mark.parametrize(("kind", "name"), NUMBERS, ids=str)
def test_none_of_something_is_refused_where_it_makes_no_sense(kind: type[BaseSettings], name: str) -> None:
    if variable(kind, name) in MAY_BE_ZERO:
        check(kind, {variable(kind, name): "0"})
        return
    with pytest.raises(BadSettings, match=f"^{variable(kind, name)}=0: "):
        check(kind, {variable(kind, name): "0"})


def test_numbers_are_found() -> None:
    assert {variable(*each) for each in NUMBERS} > MAY_BE_ZERO


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PORT", "70000", "PORT=70000: "),
        ("PORT", "0", "PORT=0: "),
        ("TLS", "sometimes", "TLS=sometimes: possible: edge"),
        ("DISCOVERY", "dsn", "DISCOVERY=dsn: possible: static, dns, file"),
        ("ROLE", "boss", "ROLE=boss: possible: all, api, worker"),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL=LOUD: possible: DEBUG, INFO, WARNING, ERROR"),
        ("SERVICES", " , ", "SERVICES: "),
        ("DISCOVERY_URL", "http://orders:8000", "DISCOVERY_URL: "),
        ("UPSTREAMS", "orders", "UPSTREAMS=orders: write it as "),
        ("UPSTREAMS", "orders=h1:8000", "UPSTREAMS=orders=h1:8000: "),
        ("PUBLIC_ORIGINS", "shop.example", "PUBLIC_ORIGINS=shop.example: "),
        ("DATABASE_URL", "mysql://user:hush@db.example", "DATABASE_URL: "),
        ("REDIS_URL", "memcached://cache.example", "REDIS_URL: "),
        ("KAFKA_BOOTSTRAP_SERVERS", "broker", "KAFKA_BOOTSTRAP_SERVERS=broker: "),
        ("SMTP_URL", "mail.example", "SMTP_URL=mail.example: "),
        ("VAULT_ADDR", "vault.example:8200", "VAULT_ADDR=vault.example:8200: "),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "OTEL_EXPORTER_OTLP_ENDPOINT=collector:4318: "),
        ("INSTANCE", "app 1", "INSTANCE=app 1: "),
        ("REGION", "eu\nset-cookie: a=b", "REGION: "),
    ],
)
def test_the_line_names_the_setting(name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings) as refused:
        read(Settings)
    assert str(refused.value).startswith(words)
    assert "hush" not in str(refused.value)
    assert "\n" not in str(refused.value)
    with pytest.raises(BadSettings, match=str(refused.value).split(":")[0]):
        check(Settings, {name: value})


def test_our_own_environment_does_not_count_for_what_others_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "70000")
    check(Settings, {"TLS": "edge", "MAX_IN_FLIGHT": ""})


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"discovery": Discovery.FILE, "secrets_folder": Path()}, "DISCOVERY=file needs DISCOVERY_FILE"),
        ({}, "VAULT_AUTH=approle needs VAULT_ROLE_ID_FILE"),
    ],
    ids=str,
)
def test_what_a_choice_needs_is_asked_for_before_the_start(settings: dict[str, object], words: str) -> None:
    with pytest.raises(BadSettings, match=words):
        create_process([create_service("alpha")], Settings(**settings))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (["serve"], {"TLS": "mutual"}, "TLS=mutual: not built yet; possible: edge"),
        (["serve", "nothing"], {}, "no such service: nothing"),
        (["serve", "payments"], {"PAYMENTS_BATCH": "0", "VAULT_AUTH": "kubernetes"}, "PAYMENTS_BATCH=0: "),
        (["migrate"], {"PORT": "70000"}, "PORT=70000: "),
        (["dead-letters", "list"], {"DISCOVERY": "kubernetes"}, "DISCOVERY=kubernetes: not built yet"),
    ],
    ids=str,
)
def test_a_process_ends_with_one_line_and_no_traceback(
    arguments: list[str], environment: dict[str, str], words: str
) -> None:
    deployed = {"PATH": os.environ["PATH"], "VAULT_AUTH": "approle"}
    done = subprocess.run(
        [sys.executable, "-c", "from chassis.process.cli import main; main()", *arguments],
        env={**deployed, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert line.startswith(f"boxoffice: {words}")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__module__)
def test_every_setting_is_read_by_something(kind: type[BaseSettings], read_names: set[str]) -> None:
    """Or there is only one choice, so that there is nothing to read."""
    unread = set(kind.model_fields) - read_names
    assert {name for name in unread if len(BUILT.get(name, ())) != 1} == set()

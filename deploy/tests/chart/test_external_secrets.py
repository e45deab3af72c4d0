"""secrets.mode=external-secrets: what the operator writes into Secrets is what the processes read as files."""

import copy
import re
from pathlib import Path

import pytest

from chassis.secrets.files import FileSecrets
from chassis.service import Service, load_services
from deploy.tests.chart.conftest import NAMESPACE, Object, Render, of_kind, pod_specs
from deploy.tests.chart.test_objects import check
from engines.vault_bootstrap import generated

SERVICES = load_services(["all"])
VALUES = {"secrets": {"mode": "external-secrets"}}
LEASED = {"username": "leased", "password": "only-here"}
"""What Vault answers to a generator."""


def written(secret: Object) -> dict[str, str]:
    """The content of the Secret that the operator makes of an ExternalSecret."""
    found = {each["secretKey"]: f"of {each['remoteRef']['key']}" for each in secret["spec"].get("data", ())}
    for source in secret["spec"].get("dataFrom", ()):
        names = dict(LEASED)
        for rule in source["rewrite"]:
            target = rule["regexp"]["target"].replace("$1", r"\1")
            names = {re.sub(f"^{rule['regexp']['source']}$", target, name): names[name] for name in names}
        assert not names.keys() & found.keys()
        found |= names
    return found


def mounted(objects: list[Object], pod: Object, folder: Path) -> Path:
    """The folder as a process of this pod finds it."""
    secrets = {each["spec"]["target"]["name"]: each for each in of_kind(objects, "ExternalSecret").values()}
    [volume] = [each["projected"] for each in pod["volumes"] if each["name"] == "secrets"]
    for source in (each["secret"] for each in volume["sources"]):
        assert source["name"] in secrets or source.get("optional"), source
        for name, value in written(secrets[source["name"]]).items() if source["name"] in secrets else ():
            (folder / name).write_text(value)
    [container] = pod["containers"]
    assert {"name": "secrets", "mountPath": "/var/run/secrets/boxoffice", "readOnly": True} in container["volumeMounts"]
    assert {"name": "SECRETS_FOLDER", "value": "/var/run/secrets/boxoffice"} in container["env"]
    assert not any(each["name"].startswith("VAULT_ADDR") for each in container["env"])
    return folder


def kinds(folder: Path) -> set[tuple[str, str]]:
    """What the files are about: (`services` or `database`, whose)."""
    return {(kind, owner) for kind, owner, _ in (each.name.split(".") for each in folder.iterdir())}


@pytest.mark.parametrize("service", SERVICES, ids=lambda each: each.name)
async def test_a_service_finds_its_secrets_and_no_others(render: Render, service: Service, tmp_path: Path) -> None:
    objects = render(VALUES)
    pod = pod_specs(objects)[f"Deployment boxoffice-{service.name}"]
    found = FileSecrets(mounted(objects, pod, tmp_path))
    credentials = await found.database_credentials(service.name)
    assert (credentials.username, credentials.password) == ("leased", "only-here")
    assert set(await found.read(f"services/{service.name}")) == set(generated(service.name))
    assert {"services", "database"} >= {kind for kind, _ in kinds(tmp_path)}
    assert {owner for _, owner in kinds(tmp_path)} == {service.name}
    await found.close()


async def test_the_migration_finds_the_owners_of_all_databases(render: Render, tmp_path: Path) -> None:
    objects = render(VALUES)
    found = FileSecrets(mounted(objects, pod_specs(objects)["Job boxoffice-migrate"], tmp_path))
    for service in SERVICES:
        assert (await found.database_credentials(f"{service.name}-owner")).username == "leased"
    await found.close()


@pytest.mark.parametrize("service", SERVICES, ids=lambda each: each.name)
def test_the_operator_logs_in_as_the_service_does(render: Render, service: Service) -> None:
    objects = render(VALUES)
    store = of_kind(objects, "SecretStore")[f"boxoffice-{service.name}"]["spec"]["provider"]["vault"]
    generator = of_kind(objects, "VaultDynamicSecret")[f"boxoffice-database-{service.name}"]["spec"]
    assert generator["path"] == f"database/creds/{service.name}"
    for login in (store["auth"]["kubernetes"], generator["provider"]["auth"]["kubernetes"]):
        assert login["role"] == service.name
        assert login["serviceAccountRef"]["name"] == f"boxoffice-{service.name}"


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("http://dependencies-openbao:8200", f"http://dependencies-openbao.{NAMESPACE}.svc:8200"),
        ("https://vault", f"https://vault.{NAMESPACE}.svc"),
        ("https://vault.example.org:8200", "https://vault.example.org:8200"),
    ],
)
def test_the_operator_finds_vault_from_its_own_namespace(render: Render, given: str, asked: str) -> None:
    objects = render(VALUES | {"secrets": VALUES["secrets"] | {"vault": {"address": given}}})
    stores = of_kind(objects, "SecretStore").values()
    generators = of_kind(objects, "VaultDynamicSecret").values()
    assert {each["spec"]["provider"]["vault"]["server"] for each in stores} == {asked}
    assert {each["spec"]["provider"]["server"] for each in generators} == {asked}


def test_a_key_that_the_operator_does_not_know_is_found(render: Render) -> None:
    store = copy.deepcopy(of_kind(render(VALUES), "SecretStore")["boxoffice-orders"])
    check([store])
    store["spec"]["provider"]["vault"]["sever"] = "http://vault"
    with pytest.raises(Exception, match="sever"):
        check([store])

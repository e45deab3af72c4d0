"""Services are data in values.yaml, and the data is that of the code."""

import json

import pytest

from chassis.service import Service, load_services
from chassis.settings import BUILT
from deploy.tests.chart.conftest import CHARTS, Object, Render, of_kind
from engines.tier import load_tier
from engines.vault_bootstrap import generated

SERVICES = load_services(["all"])


def test_the_tier_is_that_of_the_growth_stage(values: Object) -> None:
    assert [(key, str(value)) for key, value in values["tier"].items()] == list(load_tier("growth").values.items())


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_service_is_what_its_main_says(values: Object, service: Service) -> None:
    data = values["services"][service.name]
    public = tuple(path for path in service.paths if path.startswith("/api/"))
    assert tuple(data.get("paths", ())) == public
    assert bool(data.get("callers")) == (public != service.paths), "what is internal has callers"
    assert tuple(data.get("callers", ())) == service.callers
    assert data.get("secrets", []) == list(generated(service.name))


def test_there_is_no_other_service(values: Object) -> None:
    assert sorted(values["services"]) == [service.name for service in SERVICES]


def test_the_deployments_are_the_kinds_of_processes_of_the_tier(render: Render) -> None:
    names = {f"boxoffice-{name}" for name in load_tier("growth").groups()}
    assert set(of_kind(render(), "Deployment")) == names | {"boxoffice-edge"}


def test_a_service_may_be_two_kinds_of_processes(render: Render) -> None:
    objects = render({"tier": {"SERVICES": "accounts,catalog,seats,orders:api,orders:worker,payments,notifications"}})
    deployments = of_kind(objects, "Deployment")
    for role in ("api", "worker"):
        labels = deployments[f"boxoffice-orders-{role}"]["spec"]["template"]["metadata"]["labels"]
        assert labels["boxoffice/role"] == role
    assert of_kind(objects, "Service")["boxoffice-orders"]["spec"]["selector"]["boxoffice/role"] == "api"


@pytest.mark.parametrize(("instances", "orders", "seats"), [("2", 2, 2), ("1,orders=3", 3, 1), ("orders=3, 2", 3, 2)])
def test_the_number_of_instances_has_a_default_and_exceptions(
    render: Render, instances: str, orders: int, seats: int
) -> None:
    scalers = of_kind(render({"tier": {"INSTANCES": instances}}), "HorizontalPodAutoscaler")
    least = {name: scaler["spec"]["minReplicas"] for name, scaler in scalers.items()}
    assert (least["boxoffice-orders"], least["boxoffice-seats"]) == (orders, seats)


def test_the_chart_takes_what_the_processes_take() -> None:
    """Also what is built of a capability: anything else does not render."""
    schema = json.loads((CHARTS / "boxoffice" / "values.schema.json").read_text())
    tier, env = schema["properties"]["tier"]["properties"], schema["$defs"]["env"]["properties"]
    for name, built in BUILT.items():
        for properties in (tier, env):
            if reference := properties.get(name.upper()):
                choices = schema["$defs"][reference["$ref"].removeprefix("#/$defs/")]
                assert choices == {"enum": [str(each) for each in built]}, name
    assert {name.upper() for name in BUILT} - {"ROLE"} == env.keys() & tier.keys()


def test_every_setting_of_the_tier_reaches_the_processes(render: Render) -> None:
    [container] = of_kind(render(), "Deployment")["boxoffice-orders"]["spec"]["template"]["spec"]["containers"]
    environment = {each["name"]: each.get("value") for each in container["env"]}
    elsewhere = {"SERVICES", "INSTANCES", "MAX_INSTANCES", "REGIONS"}
    tier = {key: value for key, value in load_tier("growth").values.items() if key not in elsewhere}
    assert {key: environment.get(key) for key in tier} == tier
    assert environment["REGION"] == "local"

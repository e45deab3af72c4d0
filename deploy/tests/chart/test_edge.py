"""The edge's configuration as the chart makes it, as Caddy understands it."""

import json
import subprocess
from pathlib import Path

import pytest

from deploy.tests.chart.conftest import Object, Render, of_kind
from engines.local.executables import executable
from support.caddy import check_routes

TLS = {"edge": {"domain": "shop.example"}}
PLAIN = {"edge": {"domain": "shop.example", "expose": "Ingress"}}


def adapted(objects: list[Object], folder: Path) -> Object:
    """What Caddy makes of the ConfigMap and the environment of its container."""
    [container] = of_kind(objects, "Deployment")["boxoffice-edge"]["spec"]["template"]["spec"]["containers"]
    (folder / "routes").mkdir()
    files = of_kind(objects, "ConfigMap")["boxoffice-edge"]["data"]
    (folder / "Caddyfile").write_text(files["Caddyfile"])
    (folder / "routes" / "kubernetes.caddy").write_text(files["kubernetes.caddy"])
    done = subprocess.run(
        [executable("caddy"), "adapt", "--config", folder / "Caddyfile", "--adapter", "caddyfile"],
        env={each["name"]: each["value"] for each in container["env"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    configuration: Object = json.loads(done.stdout)
    return configuration


@pytest.mark.parametrize("values", [TLS, PLAIN], ids=["tls", "plain"])
def test_every_path_goes_to_the_service_that_answers_it(render: Render, values: Object, tmp_path: Path) -> None:
    check_routes(adapted(render(values), tmp_path))


def test_the_certificate_is_that_of_the_secret(render: Render, tmp_path: Path) -> None:
    files = adapted(render(TLS), tmp_path)["apps"]["tls"]["certificates"]["load_files"]
    assert [(each["certificate"], each["key"]) for each in files] == [
        ("/var/run/secrets/edge/tls.crt", "/var/run/secrets/edge/tls.key")
    ]


def test_behind_an_ingress_the_shop_is_served_without_tls(render: Render, tmp_path: Path) -> None:
    servers = adapted(render(PLAIN), tmp_path)["apps"]["http"]["servers"].values()
    [plain] = [each for each in servers if each["listen"] == ["0.0.0.0:8080"]]
    assert "file_server" in json.dumps(plain)
    assert "private_ranges" not in json.dumps(plain)
    assert "10.0.0.0/8" in plain["trusted_proxies"]["ranges"]

"""Settings come from the environment and are named after capabilities."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from chassis.secrets.vault import AppRoleLogin, KubernetesLogin, login_for
from chassis.settings import Discovery, Settings, VaultAuth


def test_lists_are_comma_separated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICES", "alpha, beta ,")
    monkeypatch.setenv("PUBLIC_ORIGINS", "https://a.example")
    settings = Settings()
    assert settings.services == ("alpha", "beta")
    assert settings.public_origins == ("https://a.example",)


def test_an_empty_value_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCOVERY", "")
    monkeypatch.setenv("VAULT_AUTH", "kubernetes")
    settings = Settings()
    assert (settings.discovery, settings.vault_auth) == (Discovery.STATIC, VaultAuth.KUBERNETES)


@pytest.mark.parametrize(("name", "value"), [("TLS", "sometimes"), ("PORT", "http"), ("ROLE", "boss")])
def test_a_value_that_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=re.compile(name, re.IGNORECASE)):
        Settings()


def test_static_upstreams_by_service() -> None:
    settings = Settings(upstreams="alpha=http://h1:1|http://h2:1, beta=http://h3:1")
    assert settings.static_upstreams == {"alpha": ("http://h1:1", "http://h2:1"), "beta": ("http://h3:1",)}


def test_the_login_follows_the_settings(tmp_path: Path) -> None:
    files = {"vault_role_id_file": tmp_path / "role", "vault_secret_id_file": tmp_path / "secret"}
    assert login_for(Settings(**files)) == AppRoleLogin(*files.values())  # type: ignore[arg-type]
    kubernetes = Settings(vault_auth=VaultAuth.KUBERNETES, vault_role="alpha", vault_jwt_file=tmp_path / "token")
    assert login_for(kubernetes) == KubernetesLogin("alpha", tmp_path / "token")
    with pytest.raises(ValueError, match="VAULT_ROLE_ID_FILE"):
        login_for(Settings())

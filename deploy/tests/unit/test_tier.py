"""Tiers: same keys, same order, other values."""

import re
from pathlib import Path

import pytest

from chassis.settings import Settings
from engines.choice import ENGINES, engine_of
from engines.compose.docker import missing
from engines.protocol import EngineError, in_silence
from engines.state import State
from engines.tier import BadTier, Group, Tier, check_settings, load_tier, parse_env, service_names, tier_names

TIERS = ["startup", "growth", "enterprise"]


def test_there_are_three_tiers() -> None:
    assert tier_names() == sorted(TIERS)


@pytest.mark.parametrize("name", TIERS)
def test_every_tier_has_the_same_keys_in_the_same_order(name: str) -> None:
    assert list(load_tier(name).values) == list(load_tier("startup").values)


@pytest.mark.parametrize("name", TIERS)
def test_the_values_are_settings_of_the_chassis(name: str) -> None:
    assert {key.lower() for key in load_tier(name).values} - {"instances", "max_instances", "regions"} <= set(
        Settings.model_fields
    )


@pytest.mark.parametrize("name", ["startup", "growth"])
def test_the_app_can_work_with_a_tier_that_is_built(name: str) -> None:
    check_settings(load_tier(name).values)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("tier", "environment", "words"),
    [
        ("enterprise", {"REGIONS": "local"}, "TLS=mutual: not built yet; possible: edge"),
        ("enterprise", {"TLS": "edge"}, "several regions are not built yet"),
        ("growth", {"DISCOVERY": "kubernetes"}, "DISCOVERY=kubernetes: not built yet; possible: static, dns, file"),
        ("startup", {"TLS": "mutual"}, "TLS=mutual: not built yet"),
        ("startup", {"MAX_IN_FLIGHT": "0"}, "MAX_IN_FLIGHT=0: "),
        ("startup", {"PAYMENTS_BATCH": "0"}, "PAYMENTS_BATCH=0: "),
    ],
    ids=str,
)
def test_what_is_not_built_is_refused_before_anything_starts(
    engine: str, tier: str, environment: dict[str, str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine == "compose" and (missing() or tier != "startup"):
        pytest.skip("compose runs the startup tier alone, and needs Docker")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    state = State(tmp_path / "state")
    with pytest.raises(EngineError, match=re.escape(words)):
        engine_of(engine, state).up(tier, in_silence)
    assert not state.folder.exists()


@pytest.mark.parametrize("name", TIERS)
def test_no_credential_is_in_a_tier(name: str) -> None:
    assert not re.search(r"(?i)password|secret|token|key=", "\n".join(load_tier(name).values))


def test_a_line_is_a_key_and_a_value() -> None:
    assert parse_env("# words\n\nA=1\n B = x=y \nEMPTY=\n") == {"A": "1", "B": "x=y", "EMPTY": ""}


@pytest.mark.parametrize("text", ["A", "=1", "A B=1", "A=1\nA=2"])
def test_any_other_line_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not KEY=value"):
        parse_env(text)


def test_an_unknown_tier_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(BadTier, match="enterprise, growth, startup"):
        load_tier("galactic")


def test_a_missing_key_is_named() -> None:
    with pytest.raises(BadTier, match=r"deploy/small/tier\.env has no SERVICES"):
        Tier("small", {}).groups()


def test_the_whole_app_may_be_one_process() -> None:
    [group] = Tier("", {"SERVICES": "all"}).groups().values()
    assert (group, group.members) == (Group("app", "all"), service_names())


def test_each_service_may_be_a_process() -> None:
    assert Tier("", {"SERVICES": "each"}).groups() == {name: Group(name, name) for name in service_names()}


def test_a_service_may_be_two_kinds_of_processes() -> None:
    groups = Tier("", {"SERVICES": "seats, orders:api, orders:worker"}).groups()
    assert groups == {
        "seats": Group("seats", "seats"),
        "orders-api": Group("orders-api", "orders", "api"),
        "orders-worker": Group("orders-worker", "orders", "worker"),
    }
    assert [name for name, group in groups.items() if group.answers] == ["seats", "orders-api"]


@pytest.mark.parametrize("services", ["order", "orders:apis", ""])
def test_what_is_no_service_or_half_of_one_is_refused(services: str) -> None:
    with pytest.raises(BadTier, match="SERVICES has"):
        Tier("", {"SERVICES": services}).groups()


@pytest.mark.parametrize(
    ("text", "orders", "seats"), [("2", 2, 2), ("1,orders=3", 3, 1), ("orders=3", 3, 1), ("orders=3, 2", 3, 2)]
)
def test_the_number_of_instances_has_a_default_and_exceptions(text: str, orders: int, seats: int) -> None:
    tier = Tier("", {"INSTANCES": text})
    assert (tier.instances("orders"), tier.instances("seats")) == (orders, seats)

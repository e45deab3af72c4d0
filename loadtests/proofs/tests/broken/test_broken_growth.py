"""The same for the growth tier: it is broken on purpose, and the verdict turns."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

from chassis.outgoing import vault_client
from engines.protocol import NOTHING, Engine, Progress, in_silence
from loadtests.proofs.claims import deploy, goodput, later, rotation, swap
from loadtests.proofs.stage import Stage
from loadtests.proofs.tests.broken import saboteur
from support.ledger import ENDED

TIER = "growth"
pytestmark = pytest.mark.timeout(300)

WAIT = "orders that wait at the end, of those taken meanwhile"
END = "from the last order to the end of all"


async def missed(claim: later.Later, stage: Stage) -> set[str]:
    return set(claim.judge(await claim.run(stage)).missed)


def upgrading(engine: Engine, *, everything: bool = False, **more: str) -> Callable[..., list[str]]:
    """An upgrade of all groups in place of one, or with more settings than were asked for."""

    def upgrade(progress: Progress, groups: Sequence[str] = (), settings: Mapping[str, str] = NOTHING) -> list[str]:
        return engine.upgrade(progress, () if everything else groups, {**settings, **more})

    return upgrade


async def test_payments_that_are_not_slow(stage: Stage, engine: Engine) -> None:
    stage.engine = saboteur.tampered(engine, upgrade=lambda *_: [])

    assert await missed(replace(later.slow, seconds=8), stage) == {WAIT}


async def test_placing_that_needs_what_is_away(stage: Stage) -> None:
    """As if orders asked another service, and that one were not there."""
    claim = replace(later.away, hinder=later.without("payments", "notifications", "seats"), seconds=8)

    assert "holds and orders that were not taken" in await missed(claim, stage)


async def test_another_service_that_goes_down_with_it(stage: Stage) -> None:
    claim = replace(later.away, hinder=later.without("payments", "notifications", "catalog"), seconds=8)

    assert await missed(claim, stage) == {"other requests that failed"}


async def test_database_users_that_are_not_rotated(
    stage: Stage, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "SECONDS", 12.0)
    monkeypatch.setattr(rotation, "LEAST_ORDERS", 1)
    stage.engine = saboteur.tampered(engine, restart=lambda *_, **__: [])

    verdict = rotation.judge(await rotation.run(stage))

    assert {"database users of each service", "users of the beginning that are revoked"} <= set(verdict.missed)


async def test_database_users_that_are_revoked_at_work(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before those who work with them have others."""

    async def revoke(stage: Stage, _users: Any) -> None:
        vault = vault_client(stage.access.vault_addr, token=stage.access.vault_token)
        await stage.seconds(2)
        await stage.do(vault.sys.revoke_prefix, "database/creds/seats")
        await stage.seconds(2)

    monkeypatch.setattr(rotation, "_note_users", revoke)
    monkeypatch.setattr(rotation, "LEAST_ORDERS", 1)

    verdict = rotation.judge(await rotation.run(stage))

    assert "failed requests" in verdict.missed


async def test_a_deployment_of_everything(stage: Stage, engine: Engine) -> None:
    stage.engine = saboteur.tampered(engine, upgrade=upgrading(engine, everything=True))

    verdict = deploy.judge(await deploy.run(stage))

    assert set(verdict.missed) == {"instances of others that are as before", "other services of another release"}


async def test_a_program_that_takes_the_place_and_does_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swap, "at_hand", lambda *_: nullcontext(["cat"]))
    monkeypatch.setattr(swap, "SECONDS", 8.0)

    assert set(swap.judge(await swap.run(stage)).missed) == {"orders charged in Go"}


async def test_a_tier_without_bounds(stage: Stage, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the edge nor the services know one."""
    monkeypatch.setattr(goodput, "MULTIPLES", (0.5, 1.0, 5.0))
    monkeypatch.setattr(goodput, "TRIES", 1)
    bounds = {"MAX_IN_FLIGHT": "10000"}
    engine.upgrade(in_silence, ["seats", "orders"], bounds)
    try:
        with saboteur.edge_with(saboteur.without_bound):
            verdict = goodput.judge(await goodput.run(stage))
    finally:
        engine.upgrade(in_silence, ["seats", "orders"], dict.fromkeys(bounds, ""))

    assert "goodput at 5x, of the peak" in verdict.missed


async def test_events_that_are_forgotten_while_the_broker_is_away(
    stage: Stage, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if they were handed to the broker alone, and not written down. Comes last: nobody mends that."""

    def start(names: list[str], progress: Progress) -> list[str]:
        url = engine.access().database_url
        asyncio.run(saboteur.run_sql(f"{url}/orders", "DELETE FROM event_log WHERE published_at IS NULL"))
        return engine.start(names, progress)

    monkeypatch.setattr(later, "DRAIN_SECONDS", 5.0)
    stage.engine = saboteur.tampered(engine, start=start)

    found = await missed(replace(later.broker, seconds=8), stage)

    assert {END, f"breaches of: {ENDED}"} <= found

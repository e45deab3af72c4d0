"""A proof that cannot fail is no proof: the system is broken on purpose, and the verdict turns."""

from typing import Any

import pytest
import redis

from engines.copying import Contents, read_contents
from engines.protocol import Engine, Progress
from engines.state import current_state
from loadtests.proofs import limits
from loadtests.proofs.claims import add, database, faults, grow, kill, rolling, site, tls
from loadtests.proofs.stage import Stage
from loadtests.proofs.tests.broken import saboteur
from support.ledger import CLAIMED, ENDED, LOST, SOLD_ONCE, Ledger
from support.promises import Promises

TIER = "startup"
pytestmark = pytest.mark.timeout(300)

DOUBLE = (
    "ALTER TABLE claims DROP CONSTRAINT claims_pkey",
    "INSERT INTO claims SELECT one.performance_id, one.label, other.hold_id, one.expires_at, other.order_id "
    "FROM claims one, claims other WHERE one.order_id < other.order_id LIMIT 1",
)

LOSE_ONE_LEAVE_ONE = (
    "DELETE FROM orders WHERE id = (SELECT max(id::text)::uuid FROM orders WHERE status = 'confirmed')",
    "UPDATE orders SET status = 'placed' WHERE id = (SELECT id FROM orders WHERE status = 'confirmed' LIMIT 1)",
)


async def test_an_instance_that_hangs_as_soon_as_it_is_ready(stage: Stage, engine: Engine) -> None:
    def scale(group: str, count: int, progress: Progress) -> None:
        if count < 3:
            engine.thaw("app-3")
        engine.scale(group, count, progress)
        if count == 3:
            engine.freeze("app-3")

    stage.engine = saboteur.tampered(engine, scale=scale)
    verdict = add.judge(await add.run(stage))

    assert "from ready to its share" in verdict.missed


async def test_instances_that_share_one_small_machine(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them have no more CPU: as when the bottleneck is elsewhere."""

    def limited(pids: list[int], share: float, *, containers: bool) -> Any:
        return usual(pids, share / len(pids), containers=containers)

    usual = limits.limited
    monkeypatch.setattr(grow, "limited", limited)
    monkeypatch.setattr(grow, "ROUNDS", 1)

    verdict = grow.judge(await grow.run(stage))

    assert "4 instances, as a share of linear" in verdict.missed


async def test_an_edge_that_never_tries_again(stage: Stage) -> None:
    with saboteur.edge_with(saboteur.without_retries):
        verdict = kill.judge(await kill.run(stage))

    assert "failed requests of safe methods" in verdict.missed


async def test_sessions_that_die_with_an_instance(stage: Stage, engine: Engine) -> None:
    """As if the instances kept them in memory."""
    sessions = redis.Redis(port=current_state().read("ports.json")["valkey"])

    def kill_with_sessions(name: str, number: int) -> int:
        sessions.flushall()
        return engine.kill(name, number)

    stage.engine = saboteur.tampered(engine, kill=kill_with_sessions)
    verdict = kill.judge(await kill.run(stage))

    assert {"sessions that go on", "people signed out", "carts that became confirmed orders"} <= set(verdict.missed)


async def test_a_rolling_restart_that_does_not_roll(stage: Stage, engine: Engine) -> None:
    stage.engine = saboteur.tampered(engine, restart=saboteur.all_at_once(engine), upgrade=lambda _: [])

    verdict = rolling.judge(await rolling.run(stage))

    assert {"failed requests", "instances that the upgrade made new"} <= set(verdict.missed)


async def test_plain_http_that_is_served(stage: Stage) -> None:
    with saboteur.edge_with(saboteur.plain_http_served):
        verdict = tls.judge(await tls.run(stage))

    assert "plain HTTP only redirects pages and refuses the API" in verdict.missed


async def test_metrics_that_everybody_can_read(stage: Stage) -> None:
    with saboteur.edge_with(saboteur.inside_shown):
        verdict = tls.judge(await tls.run(stage))

    assert verdict.missed == ["inside paths reached"]


async def test_a_site_with_a_file_missing_at_the_edge(stage: Stage) -> None:
    served = current_state().folder / "data" / "edge" / "site"
    script = next(path for path in served.rglob("*.js"))
    content = script.read_bytes()
    script.unlink()
    try:
        verdict = site.judge(await site.run(stage))
    finally:
        script.write_bytes(content)

    assert verdict.missed == ["files that the edge did not serve as they are"]


async def test_a_site_that_is_served_by_the_app(stage: Stage, engine: Engine) -> None:
    """What is away with the app: the edge is stopped together with it."""

    def stop(names: list[str], progress: Progress) -> list[str]:
        return engine.stop([*names, "edge"], progress)

    def start(names: list[str], progress: Progress) -> list[str]:
        return engine.start([*names, "edge"], progress)

    stage.engine = saboteur.tampered(engine, stop=stop, start=start)
    verdict = site.judge(await site.run(stage))

    assert {"failed requests for the site", "files that the edge did not serve as they are"} <= set(verdict.missed)


async def test_a_copied_database_that_lacks_a_row(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    async def lose_a_row(url: str, services: list[str]) -> Contents:
        if seen and url not in seen:
            one = "(SELECT ctid FROM tickets LIMIT 1)"
            await saboteur.run_sql(f"{url}/notifications", f"DELETE FROM tickets WHERE ctid = {one}")  # noqa: S608
        seen.append(url)
        return await usual(url, services)

    usual = read_contents
    monkeypatch.setattr(database, "read_contents", lose_a_row)

    verdict = database.judge(await database.run(stage))

    assert "tables that are the same, row by row" in verdict.missed
    assert {url.partition("@")[2] for url in seen} != {seen[0].partition("@")[2]}


async def test_a_seat_that_is_sold_twice_and_orders_that_are_lost(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the primary key that decides it, with one order gone and one left open. Comes last: nobody mends that."""

    class InBrokenBooks(Promises):
        async def settled(self, *arguments: Any, **keywords: Any) -> Ledger:
            await super().settled(*arguments, **keywords)
            url = stage.engine.access().database_url
            await saboteur.run_sql(f"{url}/seats", *DOUBLE)
            await saboteur.run_sql(f"{url}/orders", *LOSE_ONE_LEAVE_ONE)
            return await super().settled(arguments[0], seconds=2)

    monkeypatch.setattr(faults, "Promises", InBrokenBooks)
    monkeypatch.setattr(faults, "ROLES", ("app",))

    verdict = faults.judge(await faults.run(stage))

    assert {f"breaches of: {promise}" for promise in (LOST, ENDED, SOLD_ONCE, CLAIMED)} <= set(verdict.missed)

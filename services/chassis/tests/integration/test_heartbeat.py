"""Vital signs on a real Valkey, and the route that shows them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from fastapi import APIRouter
from prometheus_client import Counter
from redis.asyncio import Redis
from sqlalchemy import MetaData

from chassis.fleet import heartbeat
from chassis.fleet.heartbeat import Heartbeat, Meter, Sample, Work, read_samples
from chassis.fleet.overview import PATH, Backstage, backstage, put_together
from chassis.http.readiness import Outcome
from chassis.service.service import create_service
from chassis.settings import Role, Settings
from chassis.testing.app import App
from chassis.testing.databases import Databases
from chassis.testing.polling import eventually

pytestmark = pytest.mark.timeout(60)


class Fixed(Meter):
    """A meter that always shows 10 requests per second."""

    def __init__(self) -> None:
        super().__init__({}, {})

    def read(self) -> tuple[dict[str, Work], float]:
        return {"words": Work(per_second={"requests": 10.0})}, 0.5


async def look() -> tuple[str, dict[str, Outcome]]:
    return "ready", {}


def instance(redis: Redis, name: str) -> Heartbeat:
    return Heartbeat(Settings(instance=name), redis, Fixed(), look=look)


async def names(redis: Redis) -> list[str]:
    return [sample.instance for sample in await read_samples(redis)]


async def test_two_instances_add_up(redis: Redis) -> None:
    for name in ("b", "a"):
        await instance(redis, name).step()
    picture = put_together(await read_samples(redis), now=datetime.now(UTC))
    assert picture.total.per_second == {"requests": 20}
    assert [each.name for each in picture.instances] == ["a", "b"]


async def test_an_instance_that_dies_disappears(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "ALIVE_SECONDS", 1)
    await instance(redis, "dies").step()
    monkeypatch.setattr(heartbeat, "ALIVE_SECONDS", 60)
    lives = instance(redis, "lives")
    await lives.step()
    assert await names(redis) == ["dies", "lives"]
    await eventually(lambda: names(redis), lambda found: found == ["lives"], seconds=10)

    monkeypatch.setattr(heartbeat, "FORGET_SECONDS", 0)
    await lives.step()
    assert await redis.zrange(heartbeat.INDEX, 0, -1) == [b"lives"]


async def test_an_instance_that_leaves_is_gone_at_once(redis: Redis) -> None:
    leaves = instance(redis, "leaves")
    await leaves.step()
    await leaves.stop()
    assert await names(redis) == []


@pytest.fixture
async def app(databases: Databases, run: Callable[..., Awaitable[App]]) -> App:
    router = APIRouter()

    @router.get("/api/words")
    async def words() -> str:
        return "word"

    await databases.create("words", MetaData())
    service = create_service("words", paths=["/api/words", PATH], routers=[router, backstage("conductor")])
    return await run(service, instance="app-1", region="here", version="7")


async def test_a_process_shows_how_it_is(app: App) -> None:
    await app.sign_in(roles=["conductor"])

    async def seen() -> Backstage:
        await app.client.get("/api/words")
        answer = await app.client.get(PATH)
        assert answer.headers["cache-control"] == "no-store"
        return Backstage.model_validate_json(answer.content)

    def busy(picture: Backstage) -> bool:
        return bool(picture.services) and picture.total.per_second.get("requests_2xx", 0) > 0

    picture = await eventually(seen, busy)
    [one] = picture.instances
    assert (one.name, one.region, one.version, one.services, one.state) == ("app-1", "here", "7", ["words"], "ready")
    assert picture.total.p95_ms is not None
    stores = {each.name: (each.asked, each.answered) for each in picture.stores}
    assert stores["postgres"] == stores["redis"] == (1, 1)

    def kafka_is_missed(picture: Backstage) -> bool:
        return "kafka" in picture.instances[0].troubles  # there is none in this test

    await eventually(seen, kafka_is_missed)


async def test_a_process_that_answers_no_requests_shows_how_it_is(
    databases: Databases, run: Callable[..., Awaitable[App]], redis: Redis
) -> None:
    await databases.create("words", MetaData())
    said = Counter("words_said", "Words that were said")
    app = await run(create_service("words", counters=[said]), instance="words-worker", role="worker")
    assert app.process.settings.role is Role.WORKER

    async def services() -> list[str]:
        return [name for sample in await read_samples(redis) for name in sample.work]

    assert await eventually(services) == ["words"]


async def test_an_instance_that_drains_says_so(app: App, redis: Redis) -> None:
    async def state() -> str:
        return next(iter(await read_samples(redis)), Sample(**NOTHING)).state

    app.process.draining.set()
    await eventually(state, lambda found: found == "draining")


async def test_only_who_has_the_role_gets_in(app: App) -> None:
    assert (await app.client.get(PATH)).status_code == 401
    await app.sign_in(roles=["audience"])
    assert (await app.client.get(PATH)).status_code == 403
    await app.sign_in(roles=["conductor"])
    assert (await app.client.get(PATH)).status_code == 200


NOTHING = {"instance": "", "region": "", "version": "", "at": datetime(2026, 1, 1, tzinfo=UTC), "state": ""}

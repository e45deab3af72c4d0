"""The consumer's database is away, cut off, frozen, slow or locked: nothing is lost, and no good event is put aside."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import text

from chassis.database import database
from chassis.messaging import inbox
from chassis.observability.metrics import REWINDS
from chassis.testing.app import App
from chassis.testing.databases import Databases
from support.brokers import Broker
from support.proxy import Proxy, proxied
from support.talk import ALPHA, Ears, Talk, metadata, said, talking

pytestmark = pytest.mark.timeout(180)

Run = Callable[..., Awaitable[App]]


@pytest.fixture(autouse=True)
def _short_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "COMMAND_SECONDS", 0.5)
    monkeypatch.setattr(inbox, "HANDLE_SECONDS", 2.0)
    monkeypatch.setattr(inbox, "PROBE_SECONDS", 1.0)


@pytest.fixture
async def proxy(databases: Databases) -> AsyncIterator[Proxy]:
    async with proxied(databases.url) as proxy:
        yield proxy


@pytest.fixture
async def talk(kafka: Broker, run: Run, databases: Databases, ears: Ears, proxy: Proxy) -> Talk:
    """beta reaches its database by way of `proxy`; the test and alpha do not."""
    for name in ("alpha", "beta"):
        await databases.create(name, metadata)
    direct = await run(ALPHA, replace(talking(ears), subscriptions=lambda _: []))
    await run(talking(ears), database_url=proxy.url)
    return Talk(direct, ears, kafka)


@contextmanager
def away(proxy: Proxy) -> Iterator[None]:
    proxy.refuse()
    yield
    proxy.heal()


@contextmanager
def frozen(proxy: Proxy) -> Iterator[None]:
    proxy.freeze()
    yield
    proxy.heal()


@contextmanager
def frozen_and_replaced(proxy: Proxy) -> Iterator[None]:
    """What hangs is never answered: the new server does not know the old connections."""
    proxy.freeze()
    yield
    proxy.cut()
    proxy.heal()


@pytest.mark.parametrize("fault", [away, frozen, frozen_and_replaced])
async def test_what_comes_while_the_database_is_gone_waits(
    talk: Talk, proxy: Proxy, fault: Callable[[Proxy], AbstractContextManager[None]]
) -> None:
    await talk.say("ada", 0)
    await talk.until_heard("ada", 0)
    rewinds = REWINDS.labels("beta")._value.get()
    with fault(proxy):
        for number in (1, 3, 5):
            await talk.send(
                said("ada", number), replace(said("eve", 0), value=b"?%d" % number), said("ada", number + 1)
            )
            await asyncio.sleep(1.5)  # longer than the bound of a statement
    assert await talk.until_heard("ada", 6, seconds=60) == {"ada": [0, 1, 2, 3, 4, 5, 6]}
    assert {letter["value"] for letter in await talk.until_put_aside(3)} == {"?1", "?3", "?5"}
    await talk.until_committed()
    assert REWINDS.labels("beta")._value.get() == rewinds


@pytest.mark.parametrize("table", ["heard", "inbox", "event_log"])
async def test_a_lock_is_waited_for(talk: Talk, table: str) -> None:
    await talk.say("ada", 0)
    await talk.until_heard("ada", 0)
    async with _locked(talk, table):
        await talk.send(said("ada", 1), replace(said("eve", 0), value=b"?"), said("bob", 1))
        await asyncio.sleep(3)
    await talk.until_heard("ada", 1, seconds=60)
    assert await talk.until_heard("bob", 1) == {"ada": [0, 1], "bob": [1]}
    assert len(await talk.until_put_aside()) == 1
    await talk.until_committed()


async def test_a_slow_database_loses_nothing(talk: Talk, proxy: Proxy) -> None:
    proxy.delay = 0.2
    await talk.send(*(said(f"{number}", number) for number in range(20)))
    await asyncio.sleep(3)
    proxy.heal()
    for number in range(20):
        await talk.until_heard(f"{number}", number, seconds=60)
    assert await talk.heard() == {f"{number}": [number] for number in range(20)}
    assert await talk.letters() == []


@asynccontextmanager
async def _locked(talk: Talk, table: str) -> AsyncIterator[None]:
    async with talk.beta.database.engine.begin() as tx:
        await tx.execute(text(f"LOCK TABLE {table} IN EXCLUSIVE MODE"))
        yield

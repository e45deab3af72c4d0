"""Postgres is the truth and Kafka transport: a broker that is killed and comes back empty loses nobody's event."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import insert, select

from chassis.database.tables import relay_offset
from chassis.testing.app import App
from chassis.testing.polling import eventually
from support.talk import Ears, Talk, talking

pytestmark = pytest.mark.timeout(120)

Start = Callable[..., Awaitable[App]]


@dataclass
class Outage:
    """What a handler meets while Postgres is away."""

    lasts: bool

    def __call__(self, _: object) -> None:
        if self.lasts:
            raise ConnectionRefusedError("postgres is away")


async def test_what_is_said_while_the_broker_is_away_arrives_when_it_is_back(talk: Talk) -> None:
    await talk.say("ada", 1, 2)
    await talk.until_heard("ada", 2)
    talk.broker.kill()
    await talk.say("ada", 3)
    await talk.say("bob", 1)
    talk.broker.start()
    await talk.say("ada", 4)
    await talk.until_heard("bob", 1)
    assert await talk.until_heard("ada", 4) == {"ada": [1, 2, 3, 4], "bob": [1]}


@pytest.mark.parametrize("count", [1, 30])
async def test_the_lost_log_is_published_again_for_those_who_have_not_heard_it(
    talk: Talk, start: Start, count: int
) -> None:
    numbers = list(range(count))
    await talk.say("ada", *numbers)
    await talk.until_heard("ada", numbers[-1])
    await talk.until_published()
    talk.broker.kill()
    talk.broker.start()
    gamma = (await start(talking(Ears(), "gamma"))).runtime("gamma")

    async def has_caught_up() -> bool:
        return await talk.heard(gamma) == {"ada": numbers}

    assert await eventually(has_caught_up, seconds=40)
    assert await talk.heard() == {"ada": numbers}


async def test_a_partition_that_is_gone_is_a_lost_log(talk: Talk) -> None:
    """A broker that comes back empty may make a topic anew with fewer partitions than it had."""
    await talk.say("ada", 1)
    await talk.until_heard("ada", 1)
    await talk.until_published()
    async with talk.alpha.database.transaction() as tx:
        await tx.execute(insert(relay_offset).values(topic="alpha", partition=99, offset=0))

    async def is_forgotten() -> bool:
        async with talk.alpha.database.reading() as connection:
            return 99 not in (await connection.execute(select(relay_offset.c.partition))).scalars().all()

    await eventually(is_forgotten)
    await talk.until_published()
    assert len(await talk.records("alpha", at_least=2)) == 2
    assert await talk.heard() == {"ada": [1]}


async def test_acknowledged_but_not_yet_consumed_is_not_lost(talk: Talk, ears: Ears) -> None:
    """The consumer is busy with an outage of its own when the broker dies with all it had acknowledged."""
    outage = ears.fail = Outage(lasts=True)
    await talk.say("ada", *range(10))
    await talk.until_published()
    talk.broker.kill()
    talk.broker.start()
    outage.lasts = False
    assert await talk.until_heard("ada", 9) == {"ada": list(range(10))}


async def test_nothing_is_missed_in_a_log_that_has_grown_again(talk: Talk, ears: Ears) -> None:
    """The consumer is busy while the log is lost and grows past the place where it was. It may go on there at first."""
    outage = ears.fail = Outage(lasts=False)
    await talk.say("ada", *range(10))
    await talk.until_published()
    await talk.say_again()
    await talk.until_published()
    await talk.until_heard("ada", 9)
    outage.lasts = True
    await talk.say("ada", 10)
    await talk.until_published()
    talk.broker.kill()
    talk.broker.start()
    await talk.say("ada", *range(11, 60))
    await talk.until_published()
    outage.lasts = False

    async def has_heard_all() -> bool:
        return sorted((await talk.heard())["ada"]) == list(range(60))

    assert await eventually(has_heard_all, seconds=60)

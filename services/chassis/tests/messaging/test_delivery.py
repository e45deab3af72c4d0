"""What is committed arrives: in order per key, with one effect, whatever is redelivered."""

import asyncio
import os
from collections.abc import Awaitable, Callable

import pytest
from aiokafka import AIOKafkaProducer, codec
from aiokafka.errors import CommitFailedError
from sqlalchemy import select

from chassis.ids import uuid7
from chassis.messaging import outbox
from chassis.messaging.inbox import Consumer
from chassis.messaging.kafka import Outgoing
from chassis.messaging.outbox import ConcurrencyConflict
from chassis.observability.trace_context import new_traceparent, trace_context
from chassis.testing.app import App
from chassis.testing.polling import eventually
from support.talk import ALPHA, Ears, Said, Talk, heard, talking

pytestmark = pytest.mark.timeout(90)

Start = Callable[..., Awaitable[App]]


async def test_events_of_one_key_arrive_in_order(talk: Talk) -> None:
    names = ["ada", "bob", "cyd", "dan", "eve"]
    for number in range(0, 60, 3):
        await asyncio.gather(*(talk.say(name, number, number + 1, number + 2) for name in names))
    for name in names:
        await talk.until_heard(name, 59)
    assert await talk.heard() == {name: list(range(60)) for name in names}


async def test_what_comes_together_is_handled_together_and_one_key_still_in_order(talk: Talk) -> None:
    async with talk.alpha.database.transaction() as tx:
        await outbox.append(tx, *(Said(who=who, number=number) for number in range(5) for who in "abcdefghij"))
    for who in "abcdefghij":
        assert (await talk.until_heard(who, 4))[who] == [0, 1, 2, 3, 4]
    assert len(talk.ears.batches) <= 25
    assert max(len(batch) for batch in talk.ears.batches) > 1


async def test_a_transaction_that_is_rolled_back_says_nothing(talk: Talk) -> None:
    async def change_the_mind() -> None:
        async with talk.alpha.database.transaction() as tx:
            await outbox.append(tx, Said(who="ada", number=1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await change_the_mind()
    await talk.say("ada", 2)
    assert await talk.until_heard("ada", 2) == {"ada": [2]}


@pytest.mark.skipif(
    os.environ.get("TEST_BROKER") != "apache",
    reason="the embedded broker hands out batches as they came: `make test-kafka` has one that unpacks them",
)
async def test_what_a_stranger_compresses_stops_nobody(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if it were in a codec that this consumer does not have."""
    await talk.say("ada", 1)
    await talk.until_heard("ada", 1)  # by then the topic is there as the services want it
    event = Said(who="ada", number=2)
    value = event.model_dump_json().encode()
    said = Outgoing("alpha", b"ada", value, str(uuid7()), event.type, "stranger", "2030-01-01T00:00:00+00:00")
    async with AIOKafkaProducer(bootstrap_servers=talk.broker.address, compression_type="gzip") as stranger:
        await stranger.send_and_wait(said.topic, said.value, key=said.key, headers=said.headers())
    monkeypatch.setattr(codec, "has_gzip", lambda: False)

    assert await talk.until_heard("ada", 2) == {"ada": [1, 2]}


async def test_redelivery_has_one_effect(talk: Talk) -> None:
    await talk.say("ada", 1, 2, 3)
    await talk.until_heard("ada", 3)
    await talk.say_again()
    await talk.say("ada", 4)
    assert await talk.until_heard("ada", 4) == {"ada": [1, 2, 3, 4]}
    assert len(await talk.records("alpha", at_least=7)) == 7


async def test_a_consumer_that_dies_before_its_commit_gets_the_batch_again(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliveries: list[int] = []

    async def die(*_: object) -> None:
        deliveries.append(1)
        raise CommitFailedError("the connection broke")

    async def came_again() -> bool:
        return len(deliveries) > 1

    with monkeypatch.context() as patch:
        patch.setattr(Consumer, "_commit", die)
        await talk.say("ada", 1, 2)
        assert await eventually(came_again)
    await talk.say("ada", 3)
    assert await talk.until_heard("ada", 3) == {"ada": [1, 2, 3]}


async def test_two_relays_of_one_service_publish_each_event_once(talk: Talk, start: Start) -> None:
    other = await start(ALPHA)
    relays = [talk.app, other]
    for number in range(100):
        async with relays[number % 2].runtime("alpha").database.transaction() as tx:
            await outbox.append(tx, Said(who="ada", number=number), Said(who="bob", number=number))
    await talk.until_heard("ada", 99)
    await talk.until_heard("bob", 99)
    records = await talk.records("alpha", at_least=200)
    assert len(records) == 200
    assert len({bytes(dict(record.headers)["ce_id"]) for record in records}) == 200


async def test_the_members_of_a_group_share_the_work_and_take_over_from_each_other(
    talk: Talk, ears: Ears, start: Start
) -> None:
    other = await start(talking(ears))
    for number in range(20):
        await talk.say(f"early-{number}", number)
    for number in range(20):
        await talk.until_heard(f"early-{number}", number)
    await other.process.stop()
    for number in range(20):
        await talk.say(f"late-{number}", number)
    for number in range(20):
        await talk.until_heard(f"late-{number}", number)
    assert all(len(numbers) == 1 for numbers in (await talk.heard()).values())


async def test_a_newcomer_hears_what_was_said_before_it_came(talk: Talk, start: Start) -> None:
    await talk.say("ada", 1, 2, 3)
    await talk.until_heard("ada", 3)
    gamma = (await start(talking(Ears(), "gamma"))).runtime("gamma")

    async def has_caught_up() -> bool:
        return await talk.heard(gamma) == {"ada": [1, 2, 3]}

    assert await eventually(has_caught_up)


async def test_a_handler_works_on_in_the_trace_of_its_event(talk: Talk) -> None:
    trace = new_traceparent()
    with trace_context(trace):
        await talk.say("ada", 1)
    await talk.until_heard("ada", 1)
    async with talk.beta.database.reading() as connection:
        assert await connection.scalar(select(heard.c.traceparent)) == trace


async def test_a_version_of_an_aggregate_is_taken_once(talk: Talk) -> None:
    async def append(number: int) -> None:
        async with talk.alpha.database.transaction() as tx:
            await outbox.append(tx, Said(who="ada", number=number), versions=[1])

    results = await asyncio.gather(*(append(number) for number in range(5)), return_exceptions=True)
    assert results.count(None) == 1
    assert sum(isinstance(result, ConcurrencyConflict) for result in results) == 4

"""An event that Kafka will never take does not stop the relay of those behind it."""

from collections.abc import Sequence

import pytest
from aiokafka.errors import MessageSizeTooLargeError

from chassis.messaging import kafka, outbox
from chassis.messaging.kafka import Acknowledged, Outgoing, Producer, Verbatim
from support.talk import Said, Talk

pytestmark = pytest.mark.timeout(120)


async def test_an_event_that_is_too_large_is_refused_before_it_is_in_the_log(talk: Talk) -> None:
    async with talk.alpha.database.transaction() as tx:
        with pytest.raises(outbox.EventTooLarge):
            await outbox.append(tx, Said(who="x" * 900_000, number=1))


async def test_what_kafka_refuses_becomes_a_dead_letter_and_the_rest_is_sent(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a broker with a smaller bound than ours does."""
    send = Producer.send

    async def bounded(producer: Producer, batch: Sequence[Outgoing | Verbatim]) -> dict[tuple[str, int], Acknowledged]:
        if any(len(each.value or b"") > 5000 and not each.topic.endswith(kafka.DEAD_LETTER) for each in batch):
            raise MessageSizeTooLargeError
        return await send(producer, batch)

    monkeypatch.setattr(Producer, "send", bounded)
    async with talk.alpha.database.transaction() as tx:
        await outbox.append(tx, Said(who="ada", number=1), Said(who="bob" * 2000, number=2), Said(who="ada", number=3))
    assert await talk.until_heard("ada", 3) == {"ada": [1, 3]}

    [record] = await talk.records("alpha.dead-letter", at_least=1)
    assert b"MessageSizeTooLarge" in (record.value or b"")
    await talk.until_published()

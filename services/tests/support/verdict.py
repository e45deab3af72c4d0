"""What is right for beta after any run: each good event has one effect, each bad record is a dead letter or ignored."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from chassis.database import Database, event_log
from chassis.messaging import Subscription
from chassis.messaging.dead_letters import row_of
from chassis.messaging.kafka import DEAD_LETTER, Verbatim
from chassis.messaging.records import Delivery, Ignored, read
from support.records import received
from support.talk import Ears, Said, heard

Place = tuple[int, int]
"""A partition and an offset."""
Effect = tuple[str, int, str]

WANTED = {("alpha", "alpha.said"): Subscription(Said, Ears().listen)}


@dataclass
class Verdict:
    """Judges the books of beta. `unlucky` is the number of the events that its handler never takes."""

    database: Database
    unlucky: int
    sent: dict[Place, Verbatim] = field(default_factory=dict)
    unfetchable: set[Place] = field(default_factory=set)
    """Where records are that no client can unpack."""

    async def check(self, offsets: Mapping[int, int]) -> None:
        """By partition what is committed: below it all is handled, a dead letter, or ignored."""
        effects, letters = await self._effects(), await self._letters()
        ids, places = (
            {each.id for each in letters},
            {(each.data.get("partition"), each.data.get("offset")) for each in letters},
        )
        for place, record in self.sent.items():
            if place[1] >= offsets.get(place[0], 0):
                continue
            if place in self.unfetchable:
                assert place in places, f"{place} is committed and no dead letter"
            elif (delivery := self._good(record)) is not None:
                assert effects[_effect(delivery)] > 0, f"{place} is committed without its effect {delivery.event}"
            elif not isinstance(read(received(record), WANTED), Ignored):
                id_ = row_of(received(record), consumer="beta", reason="")["id"]
                assert id_ in ids, f"{place} is committed and no dead letter"

    async def finish(self) -> None:
        """When all is committed: one effect for each id that is good, and no other."""
        await self.check({partition: offset + 1 for partition, offset in sorted(self.sent)})
        expected: dict[Any, Effect] = {}
        for place, record in sorted(self.sent.items()):
            if place not in self.unfetchable and (delivery := self._good(record)):
                expected[delivery.inbox_id] = _effect(delivery)
        assert await self._effects() == Counter(expected.values())

    def _good(self, record: Verbatim) -> Delivery | None:
        """The event of a record that is to have an effect."""
        reading = read(received(record), WANTED)
        if not isinstance(reading, Delivery):
            return None
        data = reading.event.data
        storable = "\x00" not in data.who and abs(data.number) < 2**31  # a mutated value may hold anything
        return reading if storable and data.number != self.unlucky else None

    async def _effects(self) -> Counter[Effect]:
        async with self.database.reading() as connection:
            rows = await connection.execute(select(heard))
            return Counter((row.who, row.number, row.traceparent) for row in rows)

    async def _letters(self) -> Sequence[Any]:
        async with self.database.reading() as connection:
            rows = await connection.execute(select(event_log).where(event_log.c.topic == "alpha" + DEAD_LETTER))
            return rows.all()


def _effect(delivery: Delivery) -> Effect:
    data = delivery.event.data
    return data.who, data.number, delivery.event.traceparent

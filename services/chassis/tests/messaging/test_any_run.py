"""Any records and any faults, thousands of times: each good event has one effect, each bad record is a dead letter or
ignored, and nothing is committed that is not done. Postgres is real, Kafka is in memory.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import hypothesis
import pytest
from aiokafka import TopicPartition
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import inbox
from chassis.database import Database
from chassis.dead_letters import row_of
from chassis.events import Received, Subscription
from chassis.inbox import Consumer
from chassis.kafka import DEAD_LETTER, Verbatim
from chassis.records import Delivery, Ignored, read
from chassis.settings import Settings
from chassis.tables import event_log
from chassis.testing import Databases
from support.log import Log
from support.records import mutated, received, strangers
from support.talk import Ears, Said, heard, metadata, said

pytestmark = pytest.mark.timeout(0)

UNLUCKY = 13
MOST_ROUNDS = 400


class Unruly(BaseException):
    """What no library should raise."""


OUTAGE = ConnectionRefusedError("away")
HANDLER_FAULTS = [ValueError("\x00"), OUTAGE, TimeoutError(), asyncio.CancelledError(), Unruly(), SystemExit()]
TRANSACTION_FAULTS = ["refused", "lost before commit", "lost after commit", "frozen"]
GROUP_FAULTS = ["rebalance", "fetch fails", "strange failure", "commit fails", "", "", ""]


@dataclass
class Unsteady:
    """A database of which some transactions fail; `faults` are those of the next ones, last first."""

    database: Database
    faults: list[str] = field(default_factory=list)

    @property
    def engine(self) -> Any:
        return self.database.engine

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        fault = self.faults.pop() if self.faults else ""
        if fault == "refused":
            raise OperationalError("", None, OSError("connection refused"))
        async with self.database.transaction() as tx:
            yield tx
            if fault == "lost before commit":
                raise OperationalError("", None, OSError("connection lost"))
        if fault == "lost after commit":
            raise OperationalError("", None, OSError("connection lost"))
        if fault == "frozen":
            raise TimeoutError


@dataclass
class Case:
    """Records by partition, and what goes wrong."""

    partitions: list[list[Verbatim]]
    unfetchable: set[tuple[int, int]]
    transactions: list[str]
    handlers: list[BaseException | None]
    group: list[str]
    kills: list[int]


good = st.builds(said, st.sampled_from(["ada", "bob", "cyd"]), st.integers(0, 12))
poison = st.builds(said, st.just("eve"), st.just(UNLUCKY))
bad = st.one_of(good.flatmap(mutated), strangers)
record = st.one_of(good, good, good, bad, poison)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    partitions = draw(st.lists(st.lists(record, max_size=8), min_size=1, max_size=3))
    partitions = [draw(_with_redeliveries(each)) for each in partitions]
    places = [(number, offset) for number, each in enumerate(partitions) for offset in range(len(each))]
    return Case(
        partitions=partitions,
        unfetchable=draw(st.sets(st.sampled_from(places), max_size=2)) if places else set(),
        transactions=draw(st.lists(st.sampled_from([*TRANSACTION_FAULTS, "", ""]), max_size=6)),
        # Fewer than an event may fail before it is a dead letter.
        handlers=draw(st.lists(st.sampled_from([None, None, *HANDLER_FAULTS]), max_size=4)),
        group=draw(st.lists(st.sampled_from(GROUP_FAULTS), max_size=8)),
        kills=draw(st.lists(st.integers(1, 12), max_size=3)),
    )


def _with_redeliveries(records: list[Verbatim]) -> st.SearchStrategy[list[Verbatim]]:
    if not records:
        return st.just(records)
    return st.lists(st.sampled_from(records), max_size=2).map(lambda again: records + again)


class Killed(BaseException):
    """The process ends, in the middle of a transaction."""


@dataclass
class Run:
    """One case, with one consumer after the other."""

    case: Case
    database: Database
    ears: Ears = field(default_factory=Ears)

    def __post_init__(self) -> None:
        self.log = Log(
            self.case.partitions, self.check, faults=list(self.case.group), unfetchable=self.case.unfetchable
        )
        self.subscription = Subscription(Said, self.listen)
        self.unsteady = Unsteady(self.database, list(self.case.transactions))
        self.faults = list(self.case.handlers)
        self.kills = list(self.case.kills)
        self.calls = 0
        self.dying: asyncio.Task[Any] | None = None

    async def listen(self, tx: AsyncConnection, events: Sequence[Received[Said]]) -> None:
        await self.ears.listen(tx, events)
        self.calls += 1
        if self.kills and self.calls == self.kills[-1]:
            self.kills.pop()
            self.calls = 0
            assert self.dying
            self.dying.cancel()
            await asyncio.sleep(0)
        if any(event.data.number == UNLUCKY for event in events):
            raise ValueError("unlucky")
        if self.faults and (fault := self.faults.pop()):
            raise fault

    async def to_the_end(self) -> None:
        """Round after round, a new consumer after each death, until all is committed."""
        consumer = self._consumer()
        for _ in range(MOST_ROUNDS):
            self.dying = asyncio.create_task(consumer.step())
            try:
                await self.dying
            except asyncio.CancelledError:
                if self.dying.cancelling():
                    consumer = self._consumer()
            except AssertionError as error:
                if error.args:  # of a check, and not a fault
                    raise
            except Exception:  # noqa: S110 - the worker repeats a round that failed
                pass
            if self.log.done():
                return
        raise AssertionError("it does not end")

    def _consumer(self) -> Consumer:
        settings = Settings()
        return Consumer("beta", self.unsteady, [self.subscription], settings, member=self.log.member())  # type: ignore[arg-type]

    async def check(self, offsets: Mapping[TopicPartition, int]) -> None:
        """At each commit: what is below it has had its effect, is a dead letter, or is ignored."""
        effects, letters = await self.effects(), await self.letters()
        for place, offset in offsets.items():
            for number in range(offset):
                self._judge(place.partition, number, effects, letters)

    def _judge(
        self, partition: int, offset: int, effects: Mapping[tuple[str, int, str], int], letters: Sequence[Any]
    ) -> None:
        if (partition, offset) in self.case.unfetchable:
            places = [(letter.data["partition"], letter.data["offset"]) for letter in letters]
            assert (partition, offset) in places, f"{partition}/{offset} is committed and no dead letter"
            return
        sent = self.case.partitions[partition][offset]
        match read(received(sent), {("alpha", "alpha.said"): self.subscription}):
            case Delivery() as delivery if delivery.event.data.number != UNLUCKY and _storable(delivery):
                event = delivery.event
                effect = (event.data.who, event.data.number, event.traceparent)
                assert effects[effect] > 0, f"{partition}/{offset} is committed without its effect {event}"
            case Ignored():
                pass
            case _:
                id_ = row_of(received(sent), consumer="beta", reason="")["id"]
                assert id_ in {letter.id for letter in letters}, f"{partition}/{offset} is committed and no dead letter"

    async def effects(self) -> Counter[tuple[str, int, str]]:
        async with self.database.reading() as connection:
            rows = await connection.execute(select(heard))
            return Counter((row.who, row.number, row.traceparent) for row in rows)

    async def letters(self) -> Sequence[Any]:
        async with self.database.reading() as connection:
            rows = await connection.execute(select(event_log).where(event_log.c.topic == "alpha" + DEAD_LETTER))
            return rows.all()

    async def judge(self) -> None:
        """At the end: one effect for each id that is good, and no other."""
        await self.check({place: len(self.log.partitions[place.partition]) for place in self.log.places()})
        expected: dict[Any, tuple[str, int, str]] = {}
        for number, partition in enumerate(self.case.partitions):
            for offset, sent in enumerate(partition):
                reading = read(received(sent), {("alpha", "alpha.said"): self.subscription})
                if isinstance(reading, Delivery) and (number, offset) not in self.case.unfetchable:
                    data = reading.event.data
                    if data.number != UNLUCKY and _storable(reading):
                        expected[reading.inbox_id] = (data.who, data.number, reading.event.traceparent)
        assert await self.effects() == Counter(expected.values())


def _storable(delivery: Delivery) -> bool:
    """Whether Postgres takes what the event says: a mutated value may hold a text with NUL or a number too large."""
    return "\x00" not in delivery.event.data.who and abs(delivery.event.data.number) < 2**31


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    await databases.create("beta", metadata)
    database = await databases.connect("beta")
    yield database
    await database.close()


@hypothesis.settings(
    suppress_health_check=list(hypothesis.HealthCheck),
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.reuse, hypothesis.Phase.generate],  # a case is slow to shrink
)
@hypothesis.given(case=cases())
@hypothesis.example(
    # Found: each way back from a record that cannot be unpacked began the retries of the first one again, without end.
    case=Case([[said("eve", UNLUCKY), *(said("ada", number) for number in range(5))]], {(0, 2), (0, 4)}, [], [], [], [])
)
async def test_every_run_ends_well(database: Database, monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    monkeypatch.setattr(inbox, "RETRY_SECONDS", (0.0, 0.0, 0.0, 0.0, 0.0))
    monkeypatch.setattr(inbox, "PROBE_PAUSES", (0.0,))
    async with database.transaction() as tx:
        await tx.execute(text("TRUNCATE heard, inbox, event_log"))
    run = Run(case, database)
    await run.to_the_end()
    await run.judge()

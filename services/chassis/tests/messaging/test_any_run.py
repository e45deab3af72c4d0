"""Any records and any faults, thousands of times: each good event has one effect, each bad record is a dead letter or
ignored, and nothing is committed that is not done. Postgres is real, Kafka is in memory.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import hypothesis
import pytest
from aiokafka import TopicPartition
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database.database import Database
from chassis.messaging import inbox
from chassis.messaging.events import Received, Subscription
from chassis.messaging.inbox import Consumer
from chassis.messaging.kafka import Verbatim
from chassis.settings import Settings
from chassis.testing.databases import Databases
from support.log import Log
from support.records import mutated, strangers
from support.talk import Ears, Said, metadata, said
from support.verdict import Verdict

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
        sent = {(n, offset): each for n, part in enumerate(self.case.partitions) for offset, each in enumerate(part)}
        self.verdict = Verdict(self.database, UNLUCKY, sent, self.case.unfetchable)
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
        """At each commit."""
        await self.verdict.check({place.partition: offset for place, offset in offsets.items()})


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
    await run.verdict.finish()


async def test_events_that_wait_for_a_server_hold_up_no_others(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each attempt may last for as long as a timeout: between two of them it takes what else has come."""
    attempts = 0

    async def listen(tx: AsyncConnection, events: Sequence[Received[Said]]) -> None:
        nonlocal attempts
        attempts += 1
        raise OUTAGE

    async def watch(offsets: Mapping[TopicPartition, int]) -> None:
        assert set(offsets.values()) == {0}  # nothing is done

    monkeypatch.setattr(inbox, "WAIT_SECONDS", 0.0)
    log = Log([[said(f"{partition}/{number}", number) for number in range(4)] for partition in range(3)], watch)
    consumer = Consumer("beta", database, [Subscription(Said, listen)], Settings(), member=log.member())
    for rounds in range(1, 6):
        await consumer.step()
        assert attempts == 1 + rounds

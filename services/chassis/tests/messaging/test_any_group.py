"""Any records and any faults on a real broker, with members that are processes: each good event has one effect, each
bad record is a dead letter or ignored, and nothing is ever committed that is not done.
"""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace

import hypothesis
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from hypothesis import strategies as st
from sqlalchemy import text

from chassis.database.database import Database
from chassis.messaging.kafka import MAX_REQUEST_BYTES, REFUSED, Verbatim, ensure_topics
from chassis.settings import Settings
from chassis.testing.databases import Databases
from chassis.testing.polling import eventually
from chassis.testing.servers import Servers
from support.brokers import Broker
from support.bundles import bundle_of, is_utf8, send_bundle
from support.listener import PASSING, SLOW, UNLUCKY
from support.members import Members
from support.proxy import Proxy, proxied
from support.records import mutated, strangers
from support.talk import metadata, said
from support.verdict import Verdict

pytestmark = pytest.mark.timeout(0 if hypothesis.settings().max_examples > 30 else 240)

PARTITIONS = 3
SESSION_SECONDS = 2.0
GZIP = 1
RUNS = max(2, hypothesis.settings().max_examples // 15)
"""Of the profile's number: each of these takes seconds."""
FAULTS = ["nothing", "killed", "joined", "left", "stopped", "away", "frozen", "replaced", "slow"]


@dataclass
class Bundle:
    """Records that come in one batch; `codec` is Kafka's number."""

    partition: int
    records: list[Verbatim]
    codec: int


@dataclass
class Step:
    """A fault that lasts for some `seconds`, and what comes meanwhile."""

    fault: str
    seconds: float
    bundles: list[Bundle]


good = st.builds(said, st.sampled_from(["ada", "bob", "cyd"]), st.integers(0, 12))
odd = st.builds(said, st.sampled_from(["ada", "eve"]), st.sampled_from([UNLUCKY, SLOW, *PASSING]))
huge = st.builds(lambda record: replace(record, value=b"\xff" * 800_000), good)
bad = st.one_of(good.flatmap(mutated), strangers)
nameless = st.builds(
    lambda record, raw: replace(record, attributes=[*record.attributes, (raw.decode(errors="surrogateescape"), b"")]),
    st.one_of(good, bad),
    st.sampled_from([b"\xff", b"ce_\xe9", b"\x00\xfe"]),
)


@st.composite
def bundles(draw: st.DrawFn) -> Bundle:
    records = draw(st.lists(st.one_of(good, good, good, odd, bad, nameless), min_size=1, max_size=7))
    if draw(st.integers(0, 9)) == 0:
        records.append(draw(huge))
    if draw(st.integers(0, 4)) == 0:
        records.append(draw(st.sampled_from(records)))  # the same again
    codec = draw(st.sampled_from([0, 0, GZIP])) if all(map(is_utf8, records)) else 0  # Apache Kafka would change names
    return Bundle(draw(st.integers(0, PARTITIONS - 1)), records, codec)


steps = st.builds(
    Step, st.sampled_from(FAULTS), st.sampled_from([0.0, 0.2, 1.0]), st.lists(bundles(), min_size=1, max_size=4)
)


@dataclass
class Stage:
    """What all runs of this test have in common."""

    database: Database
    proxy: Proxy
    producer: AIOKafkaProducer
    reader: AIOKafkaConsumer
    members: Members

    async def committed(self) -> dict[int, int]:
        places = [TopicPartition("alpha", number) for number in range(PARTITIONS)]
        return {place.partition: await self.reader.committed(place) or 0 for place in places}

    @asynccontextmanager
    async def fault(self, name: str, *, seconds: float) -> AsyncIterator[None]:
        """The fault lasts for the block, and at least for `seconds`."""
        match name:
            case "killed":
                yield
                await asyncio.sleep(seconds)
                self.members.end(signal.SIGKILL)
                self.members.join()
                return
            case "joined":
                self.members.join()
            case "left":
                self.members.join()
                self.members.end(signal.SIGTERM)
            case "stopped":  # until its group has given its partitions to another
                self.members.join()
                with self.members.stopped():
                    yield
                    await asyncio.sleep(SESSION_SECONDS + seconds)
                return
            case "away":
                self.proxy.refuse()
            case "frozen" | "replaced":
                self.proxy.freeze()
            case "slow":
                self.proxy.delay = 0.05
        yield
        await asyncio.sleep(seconds)
        if name == "replaced":  # what hangs is never answered: the new server does not know the old connections
            self.proxy.cut()
        self.proxy.heal()


@pytest.fixture
async def stage(kafka: Broker, databases: Databases, servers: Servers) -> AsyncIterator[Stage]:
    await databases.create("beta", metadata)
    database = await databases.connect("beta")
    async with proxied(databases.url) as proxy:
        settings = {
            "database_url": proxy.url,
            "kafka_bootstrap_servers": kafka.address,
            "kafka_session_seconds": SESSION_SECONDS,
            "kafka_partitions": PARTITIONS,
            **kafka.abilities,
        }
        await ensure_topics(Settings(**settings), ["alpha"])
        members = Members(servers, settings)
        async with (
            AIOKafkaProducer(bootstrap_servers=kafka.address, max_request_size=MAX_REQUEST_BYTES) as producer,
            AIOKafkaConsumer(bootstrap_servers=kafka.address, group_id="beta", enable_auto_commit=False) as reader,
        ):
            yield Stage(database, proxy, producer, reader, members)
        members.close()
    await database.close()


@hypothesis.settings(
    max_examples=RUNS,
    suppress_health_check=list(hypothesis.HealthCheck),
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],  # a run is slow to shrink
)
@hypothesis.given(script=st.lists(steps, min_size=1, max_size=4))
async def test_every_run_of_a_real_group_ends_well(stage: Stage, script: list[Step]) -> None:
    async with stage.database.transaction() as tx:
        await tx.execute(text("TRUNCATE heard, inbox, event_log"))
    verdict = Verdict(stage.database, UNLUCKY, {}, set())
    stage.members.join()
    try:
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(watch(stage, verdict))
            for step in script:
                async with stage.fault(step.fault, seconds=step.seconds):
                    for bundle in step.bundles:
                        await send(stage, bundle, verdict)
            await eventually(stage.committed, lambda offsets: not behind(offsets, verdict), seconds=90, pause=0.1)
            watching.cancel()
        await verdict.finish()
    finally:
        await stage.members.all_leave()


async def send(stage: Stage, bundle: Bundle, verdict: Verdict) -> None:
    raw = bundle_of(bundle.records, bundle.codec)
    with suppress(*REFUSED):  # more than a broker takes
        first = await send_bundle(stage.producer, "alpha", bundle.partition, raw)
        for offset, record in enumerate(bundle.records, first):
            verdict.sent[bundle.partition, offset] = record
            if not is_utf8(record):
                verdict.unfetchable.add((bundle.partition, offset))


async def watch(stage: Stage, verdict: Verdict) -> None:
    """All the time: what is committed is done."""
    while True:
        offsets = await stage.committed()
        await verdict.check(offsets)
        await asyncio.sleep(0.1)


def behind(offsets: dict[int, int], verdict: Verdict) -> bool:
    return any(offset >= offsets[partition] for partition, offset in verdict.sent)

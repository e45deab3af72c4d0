"""How a process is: once a second it puts a small sample of its own metrics into Redis, where any instance finds all.

So whoever asks for the state of the system needs no discovery and no Prometheus. A sample lives for a few seconds: what
dies is gone. Rates are made here, from two readings of the same process, so that a restart never looks like a fall.
"""

import asyncio
import os
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path

from prometheus_client import Counter
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.samples import Sample as Point
from pydantic import BaseModel
from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.http.readiness import Outcome, outcome
from chassis.observability.metrics import BUCKETS, HANDLED, IN_FLIGHT, LAG, OUTBOX_DEPTH, PUBLISHED, REJECTED, Answers
from chassis.settings import Settings
from chassis.work.worker import Worker

SAMPLE_SECONDS = 1.0
WINDOW_SECONDS = 3.0
"""Rates and times are those of this long a moment."""
ALIVE_SECONDS = 4
INDEX = "{vitals}"
"""The names of all instances; the braces put it and every sample on one node of a Redis cluster."""
FORGET_SECONDS = 60.0

AWAY = (RedisError, OSError, TimeoutError)
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0
COUNTED = {REJECTED: "rejected", PUBLISHED: "events_published"}
LEVELS = {IN_FLIGHT: "in_flight", OUTBOX_DEPTH: "outbox_depth", LAG: "consumer_lag"}


@dataclass(slots=True)
class Work:
    """What a service does, in one process or, added up, in several.

    `per_second`: how often things happen: `requests`, `requests_2xx` …, `rejected`, `events_published`,
    `events_handled`, and the service's own counters by their names. `levels`: how much there is: `in_flight`,
    `outbox_depth`, `consumer_lag`, `dead_letters` (since the process began). `answered`: answers per second that took
    at most each of `telemetry.BUCKETS`, then all.
    """

    per_second: dict[str, float] = field(default_factory=dict)
    levels: dict[str, float] = field(default_factory=dict)
    answered: list[float] = field(default_factory=lambda: [0.0] * (len(BUCKETS) + 1))

    def count(self, name: str, value: float) -> None:
        self.per_second[name] = self.per_second.get(name, 0.0) + value

    def level(self, name: str, value: float) -> None:
        self.levels[name] = self.levels.get(name, 0.0) + value

    def add(self, other: "Work") -> None:
        for name, value in other.per_second.items():
            self.count(name, value)
        for name, value in other.levels.items():
            self.level(name, value)
        self.answered = [one + another for one, another in zip(self.answered, other.answered, strict=True)]

    def since(self, before: "Work", seconds: float) -> "Work":
        """Rates, where `per_second` and `answered` of both are counts since the process began."""
        rates = {name: (count - before.per_second.get(name, 0.0)) / seconds for name, count in self.per_second.items()}
        answered = [(now - then) / seconds for now, then in zip(self.answered, before.answered, strict=True)]
        return Work(rates, self.levels, answered)


class Sample(BaseModel):
    """One process at one moment. `cpu`: the share of one core; `memory`: bytes, where the system tells."""

    instance: str
    region: str
    version: str
    at: datetime
    state: str
    """`ready`, `waiting` for something that it needs, or `draining` before its end."""
    cpu: float = 0.0
    memory: int | None = None
    queued: int = 0
    work: dict[str, Work] = {}
    """By service."""
    checks: dict[str, Outcome] = {}
    """What it needs, as it sees it: `database SERVICE`, `redis`, `kafka`, `vault`."""


class Meter:
    """Reads the process's metrics and makes rates of them."""

    def __init__(self, answers: Mapping[str, Answers], counters: Mapping[str, Sequence[Counter]]) -> None:
        """`answers` by service, as the dispatcher counts them; `counters` of a service's own."""
        self._answers = answers
        self._counters = counters
        self._readings: deque[tuple[float, float, dict[str, Work]]] = deque()

    def read(self) -> tuple[dict[str, Work], float]:
        """The work of each service, and the CPU used, since the reading of `WINDOW_SECONDS` ago."""
        now, cpu, counted = time.monotonic(), time.process_time(), self._count()
        self._readings.append((now, cpu, counted))
        while len(self._readings) > 2 and self._readings[1][0] <= now - WINDOW_SECONDS:
            self._readings.popleft()
        then, cpu_then, before = self._readings[0]
        seconds = max(now - then, 1e-3)
        return {name: work.since(before[name], seconds) for name, work in counted.items()}, (cpu - cpu_then) / seconds

    def _count(self) -> dict[str, Work]:
        found = {name: _work_of(answers) for name, answers in self._answers.items()}
        for work, point in _points(HANDLED, found):
            _take_handled(work, point)
        for counter, name in COUNTED.items():
            for work, point in _points(counter, found):
                work.count(name, point.value)
        for gauge, name in LEVELS.items():
            for work, point in _points(gauge, found):
                work.level(name, point.value)
        for service, counters in self._counters.items():
            for point in (point for counter in counters for point in _values(counter)):
                found[service].count(point.name, point.value)
        return found


class Probe:
    """Asks a server from time to time whether it is there."""

    def __init__(self, name: str, ask: Callable[[], Awaitable[object]], *, every_seconds: float) -> None:
        self.name = name
        self.last: Outcome | None = None
        self._ask = ask
        self.worker = Worker(f"probe:{name}", self._step, idle_seconds=every_seconds)

    async def _step(self) -> int:
        self.last = await outcome(self._ask)
        return 0


class Heartbeat:
    """Publishes the samples of this process for as long as it lives."""

    def __init__(
        self,
        settings: Settings,
        redis: Redis,
        meter: Meter,
        *,
        look: Callable[[], Awaitable[tuple[str, dict[str, Outcome]]]],
        probes: Sequence[Probe] = (),
        queued: Callable[[], int] = lambda: 0,
    ) -> None:
        self._settings = settings
        self._redis = redis
        self._meter = meter
        self._probes = probes
        self._queued = queued
        self._look = look
        self._workers = [Worker("heartbeat", self.step, idle_seconds=SAMPLE_SECONDS), *(each.worker for each in probes)]

    def start(self) -> None:
        for worker in self._workers:
            worker.start()

    async def stop(self) -> None:
        """Take the sample away: this process has left, nobody need wait for it to be missed."""
        await asyncio.gather(*(worker.stop(grace_seconds=1.0) for worker in self._workers))
        with suppress(*AWAY):
            await self._redis.delete(_key(self._settings.instance))

    async def step(self) -> int:
        sample = await self._sample()
        now = sample.at.timestamp()
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.set(_key(sample.instance), sample.model_dump_json(), ex=ALIVE_SECONDS)
            pipeline.zadd(INDEX, {sample.instance: now})
            pipeline.zremrangebyscore(INDEX, 0, f"({now - FORGET_SECONDS}")
            await pipeline.execute()
        return 0

    async def _sample(self) -> Sample:
        state, outcomes = await self._look()
        probed = {probe.name: probe.last for probe in self._probes if probe.last}
        work, cpu = self._meter.read()
        return Sample(
            instance=self._settings.instance,
            region=self._settings.region,
            version=self._settings.version,
            at=datetime.now(UTC),
            state=state,
            cpu=cpu,
            memory=resident_bytes(),
            queued=self._queued(),
            work=work,
            checks={**outcomes, **probed},
        )


async def read_samples(redis: Redis) -> list[Sample]:
    """The latest sample of every process that lives, in order of name."""
    index = await redis.zrange(INDEX, 0, -1)
    names = sorted(name.decode() for name in index if isinstance(name, bytes))
    found = await redis.mget([_key(name) for name in names]) if names else []
    return [Sample.model_validate_json(packed) for packed in found if packed]


def resident_bytes() -> int | None:
    """The memory of this process, shared pages included; None where the system does not tell it cheaply."""
    if not sys.platform.startswith("linux"):
        return None
    return int(Path("/proc/self/statm").read_bytes().split()[1]) * PAGE_BYTES


def _key(instance: str) -> str:
    return f"{INDEX}:{instance}"


def _values(metric: MetricWrapperBase) -> Iterator[Point]:
    """The values of a metric, without the times at which they were first counted."""
    for family in metric.collect():
        yield from (point for point in family.samples if not point.name.endswith("_created"))


def _points(metric: MetricWrapperBase, found: Mapping[str, Work]) -> Iterator[tuple[Work, Point]]:
    """The values of a metric, each with the work of the service that it is about."""
    for point in _values(metric):
        if work := found.get(point.labels["service"]):
            yield work, point


def _work_of(answers: Answers) -> Work:
    counts: dict[str, float] = {f"requests_{number}xx": count for number, count in enumerate(answers.by_class) if count}
    answered: list[float] = list(accumulate(answers.by_time))
    return Work({"requests": answered[-1], **counts}, {}, answered)


def _take_handled(work: Work, point: Point) -> None:
    if point.labels["outcome"] == "dead-letter":
        work.level("dead_letters", point.value)
    else:
        work.count("events_handled", point.value)

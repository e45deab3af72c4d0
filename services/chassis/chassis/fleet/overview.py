"""The state of the whole system as one JSON document: the samples of all processes (`heartbeat.py`), put together.

A service that includes this router answers for all of them. Times of many instances are merged as histograms, because
the average of percentiles is no percentile.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from chassis.fleet.heartbeat import WINDOW_SECONDS, Sample, Work, read_samples
from chassis.http.principals import requires_role
from chassis.http.readiness import DATABASE, Outcome
from chassis.observability.metrics import BUCKETS
from chassis.service.runtime import RuntimeDep

PATH = "/api/backstage"
STORES = ("postgres", "redis", "kafka", "vault")


class Activity(BaseModel):
    """What is done now. `p50_ms` and `p95_ms` are null where nothing was answered."""

    per_second: dict[str, float]
    """`requests`, `requests_2xx` …, `rejected`, `events_published`, `events_handled`, and counters of the service."""
    p50_ms: float | None
    p95_ms: float | None
    in_flight: int
    outbox_depth: int
    consumer_lag: int
    dead_letters: int


class ServiceActivity(Activity):
    """A service, in all of its instances."""

    name: str
    instances: int


class InstanceActivity(Activity):
    """A process. `cpu` is the share of one core, `memory` bytes, `troubles` what it misses."""

    name: str
    region: str
    version: str
    services: list[str]
    at: datetime
    state: str
    troubles: dict[str, str]
    cpu: float
    memory: int | None
    queued: int


class Store(BaseModel):
    """A server that instances need, as they see it: `asked` have, and `answered` of them got an answer."""

    name: str
    asked: int
    answered: int
    ms: float | None
    """The median time of those answers."""


class Backstage(BaseModel):
    """The system at one moment; rates are those of the last `window_seconds`."""

    at: datetime
    window_seconds: float
    total: Activity
    services: list[ServiceActivity]
    instances: list[InstanceActivity]
    stores: list[Store]


def backstage(role: str) -> APIRouter:
    """The route, for those who have `role`."""
    router = APIRouter(tags=["backstage"], dependencies=[Depends(requires_role(role))])

    @router.get(PATH, response_model=Backstage)
    async def get_backstage(at: RuntimeDep) -> Response:
        """The running system: instances, services and stores, with what they do at this moment."""
        seen = put_together(await read_samples(at.redis), now=datetime.now(UTC))
        return Response(seen.model_dump_json(), media_type="application/json")

    return router


def put_together(samples: Sequence[Sample], *, now: datetime) -> Backstage:
    """One picture of many processes."""
    names = sorted({name for sample in samples for name in sample.work})
    services = {name: [sample.work[name] for sample in samples if name in sample.work] for name in names}
    return Backstage(
        at=now,
        window_seconds=WINDOW_SECONDS,
        total=Activity(**_activity(work for works in services.values() for work in works)),
        services=[
            ServiceActivity(name=name, instances=len(works), **_activity(works)) for name, works in services.items()
        ],
        instances=[_instance(sample) for sample in samples],
        stores=[_store(name, samples) for name in STORES],
    )


def quantile(answered: Sequence[float], share: float) -> float | None:
    """Seconds in which `share` of the requests were answered, by their histogram as in `Work.answered`.

    Within a bucket times are taken as spread evenly, as Prometheus does; the last bound stands for all beyond it.
    """
    wanted = share * answered[-1]
    if not wanted:
        return None
    bounds = (0.0, *BUCKETS)
    for (lower, upper), (below, upto) in zip(pairwise(bounds), pairwise((0.0, *answered)), strict=False):
        if upto >= wanted:
            return lower + (upper - lower) * (wanted - below) / (upto - below)
    return BUCKETS[-1]


def _activity(works: Iterable[Work]) -> dict[str, object]:
    """The members of `Activity`, of several works added up."""
    total = Work()
    for work in works:
        total.add(work)
    return {
        "per_second": {name: round(rate, 2) for name, rate in total.per_second.items()},
        "p50_ms": _milliseconds(quantile(total.answered, 0.5)),
        "p95_ms": _milliseconds(quantile(total.answered, 0.95)),
        **{name: total.levels.get(name, 0) for name in ("in_flight", "outbox_depth", "consumer_lag", "dead_letters")},
    }


def _instance(sample: Sample) -> InstanceActivity:
    return InstanceActivity(
        name=sample.instance,
        region=sample.region,
        version=sample.version,
        services=sorted(sample.work),
        at=sample.at,
        state=sample.state,
        troubles={name: each.error for name, each in sample.checks.items() if each.error},
        cpu=round(sample.cpu, 3),
        memory=sample.memory,
        queued=sample.queued,
        **_activity(sample.work.values()),
    )


def _store(name: str, samples: Iterable[Sample]) -> Store:
    outcomes = [outcome for sample in samples if (outcome := _seen_by(sample, name))]
    times = [each.ms for each in outcomes if not each.error]
    return Store(name=name, asked=len(outcomes), answered=len(times), ms=round(median(times), 2) if times else None)


def _seen_by(sample: Sample, store: str) -> Outcome | None:
    """How a process sees a store. Its databases may be on several servers: the worst of them counts."""
    if store != "postgres":
        return sample.checks.get(store)
    databases = [each for name, each in sample.checks.items() if name.startswith(DATABASE)]
    return max(databases, key=lambda each: (bool(each.error), each.ms), default=None)


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 2)

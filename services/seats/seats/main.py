"""Seats' composition root."""

from chassis.service import create_service
from chassis.work import Worker
from seats.api import internal, router
from seats.consumers import subscriptions
from seats.counters import HOLDS, SOLD
from seats.handlers import sweep
from seats.settings import Runtime, SeatsSettings


def workers(runtime: Runtime) -> list[Worker]:
    return [Worker("seats:sweep", lambda: sweep(runtime), idle_seconds=runtime.config.sweep_seconds)]


service = create_service(
    "seats",
    paths=["/api/performances/{id}/seats", "/api/holds", "/internal/holds"],
    callers=["orders"],
    routers=[router, internal],
    settings=SeatsSettings,
    subscriptions=subscriptions,
    workers=workers,
    counters=[HOLDS, SOLD],
)

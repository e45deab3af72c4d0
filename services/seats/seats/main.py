"""Seats' composition root."""

from typing import cast

from chassis.app import create_service
from chassis.runtime import Runtime
from chassis.worker import Worker
from seats.api import internal, router
from seats.consumers import subscriptions
from seats.counters import HOLDS, SOLD
from seats.handlers import sweep
from seats.settings import SeatsSettings


def workers(runtime: Runtime) -> list[Worker]:
    seconds = cast("SeatsSettings", runtime.config).sweep_seconds
    return [Worker("seats:sweep", lambda: sweep(runtime), idle_seconds=seconds)]


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

"""The composition root of orders."""

from chassis.service import Runtime, create_service
from chassis.work import Worker
from orders import api, consumers, counters, handlers

SWEEP_SECONDS = 300.0


def workers(runtime: Runtime) -> list[Worker]:
    return [Worker("orders:forgetting", lambda: handlers.forget_unneeded(runtime.database), idle_seconds=SWEEP_SECONDS)]


service = create_service(
    "orders",
    paths=["/api/orders", "/internal/payment-tokens"],
    callers=["payments"],
    routers=[api.router, api.internal],
    subscriptions=consumers.subscriptions,
    workers=workers,
    replay=handlers.rebuild_projection,
    counters=[counters.PLACED, counters.CONFIRMED],
)

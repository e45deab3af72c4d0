"""The composition root of orders."""

from chassis.service import create_service
from orders import api, consumers, counters, handlers

service = create_service(
    "orders",
    paths=["/api/orders", "/internal/payment-tokens"],
    callers=["payments"],
    routers=[api.router, api.internal],
    subscriptions=consumers.subscriptions,
    replay=handlers.rebuild_projection,
    counters=[counters.PLACED, counters.CONFIRMED],
)

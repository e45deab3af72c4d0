"""Events: how a service publishes what has happened, and how others consume it exactly once in effect."""

from chassis.messaging.events import Event, Handler, Received, Subscription, now
from chassis.messaging.outbox import ConcurrencyConflict, append
from chassis.messaging.personal import PERSONAL, PublicText, Slug

__all__ = [
    "PERSONAL",
    "ConcurrencyConflict",
    "Event",
    "Handler",
    "PublicText",
    "Received",
    "Slug",
    "Subscription",
    "append",
    "now",
]

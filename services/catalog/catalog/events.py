"""What catalog publishes, on the topic `catalog`, in order per performance."""

from datetime import datetime
from uuid import UUID

from catalog.domain import PricedZone
from chassis.messaging import Event, PublicText


class PerformanceScheduled(Event, topic="catalog", type="performance.scheduled", key="performance_id"):
    """Tickets can be sold: all that others need to know about the performance, its seats and their prices."""

    performance_id: UUID
    show_id: UUID
    show: PublicText
    venue_id: UUID
    venue: PublicText
    city: PublicText
    timezone: PublicText
    starts_at: datetime
    zones: list[PricedZone]


class PerformanceCancelled(Event, topic="catalog", type="performance.cancelled", key="performance_id"):
    """The performance will not take place; this is final."""

    performance_id: UUID

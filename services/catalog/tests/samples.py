"""One sample of every event that catalog publishes, for those who consume them."""

from datetime import UTC, datetime
from uuid import UUID

from catalog.domain import Money, PricedZone, Row
from catalog.events import PerformanceCancelled, PerformanceScheduled
from chassis.messaging import Event

PERFORMANCE = UUID("0197a1b2-0000-7000-8000-000000000004")
SHOW = UUID("0197a1b2-0000-7000-8000-000000000005")
VENUE = UUID("0197a1b2-0000-7000-8000-000000000006")

SAMPLES: list[Event] = [
    PerformanceScheduled(
        performance_id=PERFORMANCE,
        show_id=SHOW,
        show="The Open Mic",
        venue_id=VENUE,
        venue="The Lantern Room",
        city="Galway",
        timezone="Europe/Dublin",
        starts_at=datetime(2030, 1, 1, 19, 30, tzinfo=UTC),
        zones=[
            PricedZone(
                name="House",
                price=Money(amount=4250, currency="EUR"),
                rows=[Row(name="A", seats=12), Row(name="B", seats=8)],
            )
        ],
    ),
    PerformanceCancelled(performance_id=PERFORMANCE),
]

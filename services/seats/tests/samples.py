"""One sample of every event that seats publishes, for those who consume them."""

from uuid import UUID

from chassis.messaging import Event
from seats.events import SeatsBackOnSale, SeatsReleased, SeatsSold, SeatsSoldOut

ORDER = UUID("0197a1b2-0000-7000-8000-000000000001")
PERFORMANCE = UUID("0197a1b2-0000-7000-8000-000000000004")

SAMPLES: list[Event] = [
    SeatsSold(order_id=ORDER, performance_id=PERFORMANCE, seats=["A1", "A2"]),
    SeatsReleased(order_id=ORDER, performance_id=PERFORMANCE, seats=["A1", "A2"], reason="lost"),
    SeatsSoldOut(performance_id=PERFORMANCE),
    SeatsBackOnSale(performance_id=PERFORMANCE),
]

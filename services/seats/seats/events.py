"""What seats publishes, on the topic `seats`: what became of an order's seats, and whether any are left."""

from typing import Literal
from uuid import UUID

from chassis.messaging import Event, PublicText


class SeatsSold(Event, topic="seats", type="seats.sold", key="order_id"):
    """The seats belong to the order."""

    order_id: UUID
    performance_id: UUID
    seats: list[PublicText]


class SeatsReleased(Event, topic="seats", type="seats.released", key="order_id"):
    """The order has no seats any more; `lost`: it was paid when somebody else had them, or the performance was off."""

    order_id: UUID
    performance_id: UUID
    seats: list[PublicText]
    reason: Literal["lost", "cancelled", "declined"]


class SeatsSoldOut(Event, topic="seats", type="seats.sold_out", key="performance_id"):
    """Every seat is sold."""

    performance_id: UUID


class SeatsBackOnSale(Event, topic="seats", type="seats.back_on_sale", key="performance_id"):
    """A performance that was sold out has seats again."""

    performance_id: UUID

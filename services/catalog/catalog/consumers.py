"""What catalog listens to: whether a performance has seats left."""

from uuid import UUID

from catalog.handlers import SaleHandlers
from catalog.settings import Runtime
from chassis.messaging import Event, Subscription


class SeatsSoldOut(Event, topic="seats", type="seats.sold_out", key="performance_id"):
    performance_id: UUID


class SeatsBackOnSale(Event, topic="seats", type="seats.back_on_sale", key="performance_id"):
    performance_id: UUID


def subscriptions(runtime: Runtime) -> list[Subscription]:
    sale = SaleHandlers(runtime)
    return [Subscription(SeatsSoldOut, sale.on_sold_out), Subscription(SeatsBackOnSale, sale.on_back_on_sale)]

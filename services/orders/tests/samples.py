"""One sample of every event that orders publishes, for those who consume them."""

from datetime import UTC, datetime
from uuid import UUID

from chassis.messaging import Event
from orders.events import (
    Money,
    OrderCancelled,
    OrderConfirmed,
    OrderDeclined,
    OrderPaid,
    OrderPlaced,
    OrderRefunded,
)

ORDER = UUID("0197a1b2-0000-7000-8000-000000000001")
ACCOUNT = UUID("0197a1b2-0000-7000-8000-000000000002")
HOLD = UUID("0197a1b2-0000-7000-8000-000000000003")
PERFORMANCE = UUID("0197a1b2-0000-7000-8000-000000000004")
STARTS = datetime(2030, 1, 1, 19, 30, tzinfo=UTC)
TOTAL = Money(amount=8500, currency="EUR")

PLACED = OrderPlaced(
    order_id=ORDER,
    account_id=ACCOUNT,
    hold_id=HOLD,
    performance_id=PERFORMANCE,
    seats=["A1", "A2"],
    total=TOTAL,
    starts_at=STARTS,
    show="The Open Mic",
)

SAMPLES: list[Event] = [
    PLACED,
    OrderPaid(order_id=ORDER, account_id=ACCOUNT, hold_id=HOLD, performance_id=PERFORMANCE, seats=["A1", "A2"]),
    OrderConfirmed(
        order_id=ORDER,
        account_id=ACCOUNT,
        performance_id=PERFORMANCE,
        show="The Open Mic",
        starts_at=STARTS,
        seats=["A1", "A2"],
        total=TOTAL,
    ),
    OrderDeclined(
        order_id=ORDER,
        account_id=ACCOUNT,
        hold_id=HOLD,
        performance_id=PERFORMANCE,
        show="The Open Mic",
        reason="declined",
    ),
    OrderCancelled(
        order_id=ORDER,
        account_id=ACCOUNT,
        hold_id=HOLD,
        performance_id=PERFORMANCE,
        show="The Open Mic",
        reason="customer",
    ),
    OrderRefunded(order_id=ORDER, account_id=ACCOUNT, show="The Open Mic", total=TOTAL),
]

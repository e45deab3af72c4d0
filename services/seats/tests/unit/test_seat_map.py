"""The seat map as JSON."""

import json
from uuid import UUID

from seats.domain import Claims, Layout, Money, Row, Zone
from seats.performances import SeatMap

PERFORMANCE = UUID("0197a1b2-0000-7000-8000-000000000004")


def test_states_are_set_whatever_the_zone_is_called() -> None:
    name = '"state":"available"'
    layout = Layout.of([Zone(name=name, price=Money(amount=5, currency="EUR"), rows=[Row(name="A", seats=3)])])
    rendered = json.loads(SeatMap(PERFORMANCE, layout).render(Claims(held=["A3"], sold=["A1", "unknown"])))
    assert rendered == {
        "performance_id": str(PERFORMANCE),
        "seats": [
            {"label": f"A{number}", "zone": name, "state": state, "price": {"amount": 5, "currency": "EUR"}}
            for number, state in enumerate(("sold", "available", "held"), start=1)
        ],
    }

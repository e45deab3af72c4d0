"""What is put on for a load test: bodies of the organisers' requests."""

from datetime import UTC, datetime, timedelta
from typing import Any

_ZONES: list[dict[str, Any]] = [
    {"name": "Floor", "rows": [{"name": f"F{row}", "seats": 40} for row in "ABCDEFGHIJKLMNOPQRST"]},
    {"name": "Lower Bowl", "rows": [{"name": f"L{row}", "seats": 30} for row in "ABCDEFGHIJKLMNOPQRST"]},
    {"name": "Upper Bowl", "rows": [{"name": f"U{row}", "seats": 30} for row in "ABCDEFGHIJKLMNOPQRST"]},
]
ARENA = {
    "name": "Load Arena",
    "city": "Ghent",
    "country": "BE",
    "timezone": "Europe/Brussels",
    "zones": _ZONES,
}
ARENA_LABELS = [
    f"{row['name']}{number}" for zone in _ZONES for row in zone["rows"] for number in range(1, row["seats"] + 1)
]
ARENA_SEATS = len(ARENA_LABELS)
PRICES = {
    name: {"amount": amount, "currency": "EUR"}
    for name, amount in (("Floor", 125_00), ("Lower Bowl", 89_00), ("Upper Bowl", 55_00))
}


def show_body(title: str) -> dict[str, object]:
    return {"title": title, "description": "Put on by a load test.", "genre": "Load"}


def performance_body(venue: str, prices: dict[str, object], *, days: float) -> dict[str, object]:
    """A performance so many days ahead."""
    starts_at = datetime.now(UTC) + timedelta(days=days)
    return {"venue_id": venue, "starts_at": f"{starts_at:%Y-%m-%dT%H:%M:%SZ}", "prices": prices}

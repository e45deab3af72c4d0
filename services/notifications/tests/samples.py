"""One of each event that notifications publishes; the contract tests feed them to those who consume them."""

from uuid import UUID

from notifications.events import TicketIssued

SAMPLES = [
    TicketIssued(
        order_id=UUID("0190a5c0-0000-7000-8000-000000000001"),
        ticket_id=UUID("0190a5c0-0000-7000-8000-000000000003"),
        performance_id=UUID("0190a5c0-0000-7000-8000-000000000004"),
        seat="A1",
    )
]

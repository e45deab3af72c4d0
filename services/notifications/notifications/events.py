"""What notifications tells the others."""

from uuid import UUID

from chassis.messaging import Event, PublicText


class TicketIssued(Event, topic="notifications", type="ticket.issued", key="order_id"):
    """There is a ticket for a seat of a confirmed order."""

    order_id: UUID
    ticket_id: UUID
    performance_id: UUID
    seat: PublicText

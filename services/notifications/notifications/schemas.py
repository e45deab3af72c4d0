"""What the HTTP interface shows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from notifications.domain import Kind, TicketState


class TicketView(BaseModel):
    """A ticket as its holder sees it. `code` is what its QR code says."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    order_id: UUID
    performance_id: UUID
    seat: str
    show: str
    starts_at: datetime
    code: str
    state: TicketState

    @classmethod
    def of(cls, row: Any) -> "TicketView":
        return cls.model_validate(row)


class NotificationView(BaseModel):
    """A message in the inbox; `body` is plain text, paragraphs separated by empty lines."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: Kind
    order_id: UUID | None
    subject: str
    body: str
    created_at: datetime

    @classmethod
    def of(cls, row: Any) -> "NotificationView":
        return cls.model_validate(row)

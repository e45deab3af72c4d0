"""What orders needs of other services: ports, and their adapters over service calls."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from pydantic import BaseModel

from chassis.errors import Unavailable
from chassis.service import Runtime
from orders.events import Money


class Hold(BaseModel):
    """Seats that an account holds for a while, as orders needs to know them."""

    id: UUID
    account_id: UUID
    performance_id: UUID
    seats: list[str]
    total: Money
    show: str
    starts_at: datetime


class Holds(Protocol):
    async def get(self, hold_id: UUID) -> Hold | None:
        """The hold, or None when there is none or it has run out. Raises Unavailable when seats does not answer."""
        ...


class SeatsHolds:
    """Holds as the service seats tells them."""

    def __init__(self, runtime: Runtime) -> None:
        self._calls = runtime.calls

    async def get(self, hold_id: UUID) -> Hold | None:
        reply = await self._calls.request("seats", "GET", f"/internal/holds/{hold_id}")
        if reply.status == 404:
            return None
        if reply.status != 200:
            raise Unavailable(f"seats answered {reply.status}")
        return Hold.model_validate_json(reply.body)

"""What payments does when it hears of orders. The provider is not called here: see `cashier.py`."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from payments import repository
from payments.domain import Charge, State


async def open_charges(tx: AsyncConnection, charges: Sequence[Charge]) -> None:
    """Note what is to be charged. An order that has a charge keeps it, also one that was cancelled beforehand."""
    await repository.add(tx, charges)


async def cancel_charges(tx: AsyncConnection, order_ids: Sequence[UUID]) -> None:
    """Void what was not charged, take back what was. An order not heard of yet gets a void charge, which then holds."""
    await repository.add(tx, [Charge(order_id, State.VOIDED) for order_id in order_ids])
    charges = await repository.lock(tx, order_ids)
    changed = [after for charge in charges if (after := charge.cancelled()) is not charge]
    if changed:
        await repository.save(tx, changed)

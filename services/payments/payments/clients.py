"""The ports to orders, which knows by what is paid, and to whoever moves the money; the adapter of the first."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from chassis.calls import Reply
from chassis.errors import Unavailable
from payments.domain import Captured, Declined, Reversed
from payments.settings import Runtime


class Tokens(Protocol):
    """Knows by what orders are paid, until payments has it. Raises Unavailable when orders does not answer."""

    async def ask(self, order_ids: Sequence[UUID]) -> dict[UUID, str | None]:
        """The token of each order; None: there is none any more. Orders that are not known yet are left out."""
        ...

    async def received(self, order_ids: Sequence[UUID]) -> None:
        """Have orders forget these tokens."""
        ...


class OrdersTokens:
    """Tokens as the service orders keeps them."""

    def __init__(self, runtime: Runtime) -> None:
        self._calls = runtime.calls

    async def ask(self, order_ids: Sequence[UUID]) -> dict[UUID, str | None]:
        reply = await self._call("/internal/payment-tokens", order_ids, expected=200)
        return {UUID(item["order_id"]): item["token"] for item in reply.json()["items"]}

    async def received(self, order_ids: Sequence[UUID]) -> None:
        await self._call("/internal/payment-tokens/received", order_ids, expected=204)

    async def _call(self, path: str, order_ids: Sequence[UUID], *, expected: int) -> Reply:
        reply = await self._calls.request("orders", "POST", path, json={"order_ids": [str(each) for each in order_ids]})
        if reply.status != expected:
            raise Unavailable(f"orders answered {reply.status}")
        return reply


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """Take `amount` (minor units of `currency`) by `token`. The same `idempotency_key` never charges twice."""

    idempotency_key: UUID
    token: str = field(repr=False)
    amount: int
    currency: str


class ProviderUnavailable(Exception):
    """The provider did not answer, or answered that it cannot now. What it has done is unknown; ask again."""


class PaymentProvider(Protocol):
    """A payment provider. Every call may be repeated with the same key, also long after, and has its effect once.

    Any exception means that nobody knows what was done.
    """

    async def charge(self, request: ChargeRequest) -> Captured | Declined:
        """Take the money."""
        ...

    async def reverse(self, idempotency_key: UUID) -> Reversed:
        """Give back what was taken under this key, if anything, and take nothing under it from now on."""
        ...

"""The port to whoever moves the money."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from payments.domain import Captured, Declined, Reversed


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """Take `amount` (minor units of `currency`) by `token`. The same `idempotency_key` never charges twice."""

    idempotency_key: UUID
    token: str
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

"""What may happen to a charge, whatever order the news arrives in and whoever crashes in between.

pending ──► captured ──► reversing ──► refunded
   │  │                    ▲    │
   │  └─► declined         │    └────► voided   (the provider had not charged after all)
   ├──────(may be at the provider)─┘
   └──► voided                                  (never sent to the provider)
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from chassis.work import Backoff

PAUSES = Backoff(0.25, 30.0)
"""Between attempts to charge or to pay back."""


class State(StrEnum):
    """Where a charge stands. `PENDING` and `REVERSING` are the ones that the provider has to be asked about."""

    PENDING = "pending"
    CAPTURED = "captured"
    DECLINED = "declined"
    REVERSING = "reversing"
    REFUNDED = "refunded"
    VOIDED = "voided"


OPEN = (State.PENDING, State.REVERSING)
NOTHING_TO_PAY_BY = "no-payment-token"
"""The reason where orders has no token, and payments has not got it either."""
DECLINED = "declined"
"""The reason where the provider gives one that is no plain word: it might say who the customer is."""


@dataclass(frozen=True, slots=True)
class Captured:
    """The provider has taken the money."""

    payment_id: UUID


@dataclass(frozen=True, slots=True)
class Declined:
    """The provider will not take the money; asking again would not help."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reversed:
    """The provider will hold no money for this order; `payment_id` names what it gave back, if anything."""

    payment_id: UUID | None


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nobody knows what the provider did; ask again with the same key."""

    reason: str


Answer = Captured | Declined | Reversed | NoAnswer


@dataclass(frozen=True, slots=True)
class Charge:
    """The money side of one order. `attempts` counts how often the provider was asked since the last change of state.

    A pending charge has no `token` until orders has said it. One that was cancelled before its order was heard of has
    no amount, currency or token, and never will.
    """

    order_id: UUID
    state: State
    attempts: int = 0
    amount: int | None = None
    currency: str | None = None
    token: str | None = field(default=None, repr=False)
    payment_id: UUID | None = None
    reason: str | None = None
    traceparent: str = ""

    def cancelled(self) -> "Charge":
        """After its order was cancelled: what was never sent is void; what may have been charged is taken back."""
        if self.state is State.CAPTURED or (self.state is State.PENDING and self.attempts > 0):
            return replace(self, state=State.REVERSING, attempts=0, token=None)
        if self.state is State.PENDING:
            return replace(self, state=State.VOIDED, token=None)
        return self

    def answered(self, answer: Answer) -> "Charge":
        """After the provider answered. Over or not, its token is kept no longer than it is needed."""
        match answer, self.state:
            case Captured(payment_id), State.PENDING:
                return replace(self, state=State.CAPTURED, payment_id=payment_id, token=None)
            case Declined(reason), State.PENDING:
                return replace(self, state=State.DECLINED, reason=reason, token=None)
            case Reversed(None), State.REVERSING:
                return replace(self, state=State.VOIDED, token=None)
            case Reversed(payment_id), State.REVERSING:
                return replace(self, state=State.REFUNDED, payment_id=payment_id, token=None)
            case _:
                return self


def plain_reason(said: str | None) -> str:
    """What others may hear of a provider's reason: a plain word."""
    return said if said and len(said) <= 64 and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", said) else DECLINED


class Throttle:
    """Lets through at most `per_second` things a second, and a second's worth at once."""

    def __init__(self, per_second: float | None, clock: Callable[[], float]) -> None:
        """`clock` tells monotonic seconds; without `per_second` everything passes."""
        self._per_second = per_second
        self._clock = clock
        self._most = max(1.0, per_second or 0.0)
        self._left = self._most
        self._at = clock()

    def allowance(self, wanted: int) -> int:
        """How many of `wanted` may go now."""
        if self._per_second is None:
            return wanted
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
        return min(wanted, int(self._left))

    def spend(self, count: int) -> None:
        """`count` have gone."""
        self._left -= count

"""The two promises of the box office, checked in the books of all services once the dust has settled."""

from collections import Counter
from collections.abc import Collection
from uuid import UUID

from chassis.testing import eventually
from support.books import Books
from support.ledger import Ledger

SETTLE_SECONDS = 60


class Promises:
    """Checks what became of the orders of one performance, or of all orders."""

    def __init__(self, books: Books, performance: UUID | None = None) -> None:
        self._books = books
        self._performance = performance

    async def kept(self, accepted: Collection[UUID]) -> Counter[str]:
        """Both promises must hold for what is accepted, sooner or later. Answers how many ended in which way."""
        ledger = await self.settled(accepted)
        broken = {promise: found for promise, found in ledger.breaches().items() if found}
        assert not broken, broken
        return ledger.endings

    async def settled(self, accepted: Collection[UUID], *, seconds: float = SETTLE_SECONDS) -> Ledger:
        """The books once both promises hold, or as they are when the time is over."""

        async def ledger() -> Ledger:
            return await self._books.ledger(accepted, self._performance)

        try:
            return await eventually(ledger, _holds, seconds=seconds)  # type: ignore[no-any-return]
        except TimeoutError:
            return await ledger()


def _holds(ledger: Ledger) -> bool:
    return not any(ledger.breaches().values())

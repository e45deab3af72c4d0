"""The worker that asks orders by what is paid, as no event says it.

It stores the answer before it tells orders to forget: a crash in between leaves the token in both, and orders forgets
it with the outcome of the payment. While orders is away new charges wait, and those that have a token go on.
"""

import logging
from uuid import UUID

from chassis.database import Database
from chassis.errors import Unavailable
from chassis.work import Worker
from payments import repository
from payments.cashier import cashier_of, record
from payments.clients import OrdersTokens, Tokens
from payments.domain import NOTHING_TO_PAY_BY, Declined
from payments.settings import Runtime

log = logging.getLogger(__name__)

BATCH = 200
"""Charges in one call."""
PAUSE_SECONDS = 1.0
"""Before an order that orders does not know is asked for again."""


class Collector(Worker):
    """Brings the tokens of charges; `cashier` is woken for them."""

    def __init__(self, database: Database, tokens: Tokens, cashier: Worker) -> None:
        super().__init__("collector", self.round)
        self._database = database
        self._tokens = tokens
        self._cashier = cashier

    async def round(self) -> int:
        """Ask for a batch; returns how many charges can go on. Raises Unavailable while orders is away."""
        async with self._database.reading() as connection:
            asked = await repository.without_token(connection, limit=BATCH)
        if not asked:
            return 0
        answers = await self._tokens.ask(asked)
        brought = {order_id: token for order_id, token in answers.items() if token is not None}
        async with self._database.transaction() as tx:
            await repository.put_tokens(tx, brought)
            gone = await repository.lock(tx, [order_id for order_id, token in answers.items() if token is None])
            # One that has a token got it from another instance, which is why orders has it no longer.
            lost = [charge for charge in gone if charge.token is None]
            if lost:
                await record(tx, [(charge, Declined(NOTHING_TO_PAY_BY)) for charge in lost])
            if unknown := sorted({*asked} - {*answers}):
                await repository.put_off(tx, unknown, seconds=PAUSE_SECONDS)
        self._cashier.wake()
        await self._say_received(list(brought))
        return len(answers)

    async def _say_received(self, order_ids: list[UUID]) -> None:
        if not order_ids:
            return
        try:
            await self._tokens.received(order_ids)
        except Unavailable:
            log.info("orders keeps %d tokens until their payments have ended", len(order_ids))


def collector_of(runtime: Runtime) -> Collector:
    """The collector of this instance."""
    return Collector(runtime.database, OrdersTokens(runtime), runtime.part(cashier_of))

"""The worker that takes charges to the provider and records what it answered.

A round is one short transaction: record the answers that came in since the last one, and take what is due. The calls
run between the rounds, many at a time, so a slow one holds up nobody. What a crash interrupts is due again when its
lease is over, and the provider knows the key.
"""

import asyncio
import logging
import time

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from chassis.errors import is_outage
from chassis.messaging import Event, outbox
from chassis.observability import batch_context
from chassis.secrets import SecretValue
from chassis.work import Worker
from payments import repository
from payments.clients import ChargeRequest, PaymentProvider, ProviderUnavailable
from payments.counters import WAITING
from payments.domain import PAUSES, Answer, Charge, NoAnswer, State, Throttle, plain_reason
from payments.events import Money, PaymentCaptured, PaymentDeclined, PaymentRefunded
from payments.settings import PaymentsSettings, Runtime
from payments.simulator import SimulatedProvider

log = logging.getLogger(__name__)


class Cashier(Worker):
    """Asks the provider about every charge that is due, until there is an answer."""

    def __init__(self, database: Database, provider: PaymentProvider, settings: PaymentsSettings) -> None:
        super().__init__("cashier", self.round)
        self._database = database
        self._provider = provider
        self._settings = settings
        self._throttle = Throttle(settings.max_per_second, time.monotonic)
        self._calls: set[asyncio.Task[None]] = set()
        self._answers: list[tuple[Charge, Answer]] = []
        self._next_round = 0.0

    async def round(self) -> int:
        """Record what was answered and take what is due; returns how many charges that were."""
        await asyncio.sleep(self._next_round - time.monotonic())
        self._next_round = time.monotonic() + self._settings.round_seconds
        room = min(self._settings.batch, self._settings.concurrency - len(self._calls))
        return await self._round(room=self._throttle.allowance(room))

    async def stop(self, grace_seconds: float = 10.0) -> None:
        """Take nothing more, wait for the calls that are under way, and record what they answer."""
        await super().stop(grace_seconds)
        if self._calls:
            await asyncio.wait(self._calls, timeout=grace_seconds)
        for call in self._calls:
            call.cancel()
        try:
            await self._round(room=0)
        except Exception as error:
            log.warning("answers could not be recorded, the provider will be asked again: %s", type(error).__name__)

    async def _round(self, *, room: int) -> int:
        answers = list(self._answers)
        if not answers and not room:
            return 0
        try:
            due = await self._record_and_claim(answers, room)
        except Exception as error:
            if is_outage(error) or not answers:
                raise
            due = await self._record_apart(answers)
        del self._answers[: len(answers)]
        self._throttle.spend(len(due))
        for charge in due:
            self._start(charge)
        for charge, answer in answers:
            if isinstance(answer, NoAnswer):
                asyncio.get_running_loop().call_later(PAUSES.pause(charge.attempts, lambda: 1.0), self.wake)
        return len(answers) + len(due)

    async def _record_and_claim(self, answers: list[tuple[Charge, Answer]], room: int) -> list[Charge]:
        async with self._database.transaction() as tx:
            if answers:
                await record(tx, answers)
            return await repository.claim(tx, limit=room, lease_seconds=self._settings.lease_seconds) if room else []

    async def _record_apart(self, answers: list[tuple[Charge, Answer]]) -> list[Charge]:
        """One answer at a time, since one cannot be recorded: the provider is asked again when its lease is over."""
        for answer in answers:
            try:
                await self._record_and_claim([answer], room=0)
            except Exception as error:
                if is_outage(error):
                    raise
                log.exception("order %s: the provider's answer cannot be recorded", answer[0].order_id)
        return []

    def _start(self, charge: Charge) -> None:
        call = asyncio.create_task(self._ask(charge))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

    async def _ask(self, charge: Charge) -> None:
        try:
            async with asyncio.timeout(self._settings.provider_seconds):
                answer = await self._ask_provider(charge)
        except Exception as error:
            answer = NoAnswer(type(error).__name__)
            if not isinstance(error, ProviderUnavailable) and not is_outage(error):
                log.exception("order %s: the provider's answer makes no sense, asking again", charge.order_id)
        self._answers.append((charge, answer))
        self.wake()

    async def _ask_provider(self, charge: Charge) -> Answer:
        if charge.state is State.REVERSING:
            return await self._provider.reverse(charge.order_id)
        if charge.token is None or charge.amount is None or charge.currency is None:
            raise ValueError("a pending charge without a token or an amount")
        return await self._provider.charge(
            ChargeRequest(charge.order_id, token=charge.token, amount=charge.amount, currency=charge.currency)
        )


async def record(tx: AsyncConnection, answers: list[tuple[Charge, Answer]]) -> None:
    """Write down what the provider said about each charge, and tell the others.

    A charge that has changed since it was taken (cancelled, or answered by way of another instance) is left alone.
    """
    asked = {charge.order_id: (charge, answer) for charge, answer in answers}
    changed: list[Charge] = []
    pauses = {}
    for charge in await repository.lock(tx, list(asked)):
        before, answer = asked[charge.order_id]
        if charge.state is not before.state:
            continue
        changed.append(charge.answered(answer))
        if isinstance(answer, NoAnswer):
            pauses[charge.order_id] = PAUSES.pause(before.attempts)
    if changed:
        await repository.save(tx, changed, pauses)
    with batch_context({str(charge.order_id): charge.traceparent for charge in changed}):
        await outbox.append(tx, *(event for charge in changed if (event := _news_of(charge))))


def _news_of(charge: Charge) -> Event | None:
    """What the others should hear of a charge that has just come to this state."""
    if charge.state is State.DECLINED:
        return PaymentDeclined(order_id=charge.order_id, reason=plain_reason(charge.reason))
    if charge.payment_id is None or charge.amount is None or charge.currency is None:
        return None
    amount = Money(amount=charge.amount, currency=charge.currency)
    if charge.state is State.CAPTURED:
        return PaymentCaptured(order_id=charge.order_id, payment_id=charge.payment_id, amount=amount)
    if charge.state is State.REFUNDED:
        return PaymentRefunded(order_id=charge.order_id, payment_id=charge.payment_id, amount=amount)
    return None


def backlog(database: Database) -> Worker:
    """Looks once a second how many charges wait: of what waits in Kafka the consumer tells, but not of these."""

    async def look() -> int:
        async with database.reading() as connection:
            WAITING.set(await repository.waiting(connection))
        return 0

    return Worker("backlog", look, idle_seconds=1.0)


def cashier_of(runtime: Runtime) -> Cashier:
    """The cashier of this instance, at the simulated provider: put the adapter of a real one in its place here."""
    config = runtime.config
    api_key = SecretValue(runtime.secrets, "services/payments", "provider_api_key")
    return Cashier(runtime.database, SimulatedProvider(runtime.database, api_key), config)

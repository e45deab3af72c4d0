"""All services in this process, and Kafka played by a test: it decides which consumer hears which event when.

Events of one key of a topic are heard in their order by each consumer, all else may come in any order, as with
partitions that lag. What waits for time or another company (the payment provider, the end of a hold) is a step too.
"""

import importlib
import inspect
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select, text

from chassis.database import event_log
from chassis.messaging import Event
from chassis.secrets import SecretValue
from chassis.testing import App
from payments.cashier import Cashier
from payments.settings import PaymentsSettings
from payments.simulator import SimulatedProvider
from support.interleavings import Step

SERVICES = ("catalog", "seats", "orders", "payments", "notifications")
PRODUCERS = ("accounts", *SERVICES)
DEAD_LETTER = ".dead-letter"
DUE = text("""
    SELECT count(*) FILTER (WHERE state = 'pending' AND token IS NULL) AS without_token,
           count(*) FILTER (WHERE state = 'reversing' OR token IS NOT NULL) AS due
    FROM charges WHERE state IN ('pending', 'reversing') AND due_at <= now()
""")
NEVER_DUE = text("UPDATE charges SET due_at = 'infinity' WHERE state IN ('pending', 'reversing')")

Action = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Logged:
    """An event as it is in the log of its service."""

    id: UUID
    event: Event


@dataclass(frozen=True, slots=True)
class Stream:
    """What a consumer hears in order: the events of one key of a topic."""

    consumer: str
    topic: str
    key: str


@dataclass(slots=True)
class Heard:
    """The events of a stream, and how many of them were heard."""

    events: list[Logged] = field(default_factory=list)
    count: int = 0

    @property
    def waiting(self) -> Sequence[Logged]:
        return self.events[self.count :]


@dataclass(frozen=True, slots=True)
class Command:
    """What a person, or the clock, does when it can."""

    name: str
    places: frozenset[str]
    action: Action
    possible: Callable[[], bool] = lambda: True


class Delivery:
    """One run: the events that each consumer is yet to hear, and what people are yet to do."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.people: list[list[Command]] = []
        self.everyone: Sequence[str] = ()
        """The names of all customers of this run."""
        self.steps_taken: list[str] = []
        self._names: dict[str, str] = {}
        self._streams: dict[Stream, Heard] = {}
        self._read: dict[str, int] = {}
        self._cashier: Cashier | None = None
        self._without_token, self._due = False, False
        self._models = {(each.topic, each.type): each for name in PRODUCERS for each in _events_of(name)}
        self._wanted = {
            service.name: {(each.topic, each.model.type) for each in service.subscriptions(app.runtime(service.name))}
            for service in app.process.services
        }

    async def begin(self) -> None:
        """Leave alone what runs before this one have left."""
        for service in SERVICES:
            async with self.app.runtime(service).database.reading() as connection:
                self._read[service] = await connection.scalar(select(func.max(event_log.c.position))) or 0
        async with self.app.runtime("payments").database.transaction() as tx:
            await tx.execute(NEVER_DUE)

    def name(self, thing: UUID, name: str) -> None:
        """What `thing` is called in the names of steps, which are the same in each run."""
        self._names[str(thing)] = name

    def tell(self, event: Event) -> None:
        """An event of a service that is not here."""
        self._log(uuid4(), event)

    async def settle(self) -> None:
        """Take all steps that there are now, but none of people: how a run is prepared."""
        while step := next((each for each in await self.steps() if each.name.startswith("hears")), None):
            await self.take(step)

    async def steps(self) -> list[Step]:
        """What can happen now."""
        found = [self._hearing(stream, heard) for stream, heard in self._streams.items() if heard.waiting]
        found += [_step(commands[0]) for commands in self.people if commands and commands[0].possible()]
        if self._cashier:
            found.append(Step("the provider answers", self._everyone("payments")))
        elif self._due:
            found.append(Step("the provider is asked", self._everyone("payments")))
        if self._without_token:
            found.append(Step("tokens are collected", self._everyone("payments") | self._everyone("orders")))
        return sorted(found, key=lambda step: step.name)

    async def take(self, step: Step, *, batch: int = 1) -> None:
        """Let `step` happen. `batch` is how many events one poll brings at most, where it is about one consumer."""
        self.steps_taken.append(step.name)
        for stream, heard in self._streams.items():
            if heard.waiting and self._hearing(stream, heard) == step:
                await self.hear(stream.consumer, self._poll(stream, batch))
                break
        else:
            await self._act(step)
        await self.collect({place.partition("/")[0] for place in step.places})

    async def collect(self, services: Collection[str] = SERVICES) -> None:
        """Take up what these services have said."""
        for service in set(services) & set(SERVICES):
            await self._collect(service)
        if "payments" in services:
            self._without_token, self._due = await self._work_of_payments()

    async def hear(self, consumer: str, events: Sequence[Logged]) -> None:
        await self.app.deliver(consumer, *(each.event for each in events), ids=[each.id for each in events])

    async def hear_all_again(self, *, as_new: bool) -> None:
        """Every consumer hears everything once more; `as_new` under other ids, as if its inbox were lost."""
        for consumer in SERVICES:
            heard = [
                each for stream, heard in self._streams.items() if stream.consumer == consumer for each in heard.events
            ]
            if heard:
                await self.hear(consumer, [Logged(uuid4(), each.event) if as_new else each for each in heard])
        before = sum(len(heard.events) for heard in self._streams.values())
        await self.collect()
        after = sum(len(heard.events) for heard in self._streams.values())
        assert after == before, "what was heard before has had an effect again"

    def rewind(self, number: int) -> None:
        """A consumer forgot how far it was: of some stream it hears again what it heard. `number` says of which."""
        heard = [each for each in self._streams.values() if each.count]
        if heard:
            heard[number % len(heard)].count = 0

    def _poll(self, first: Stream, batch: int) -> list[Logged]:
        polled: list[Logged] = []
        streams = [first, *(each for each in self._streams if each.consumer == first.consumer and each != first)]
        for stream in streams:
            heard = self._streams[stream]
            taken = heard.waiting[: batch - len(polled)]
            polled += taken
            heard.count += len(taken)
        return polled

    def _hearing(self, stream: Stream, heard: Heard) -> Step:
        name = self._names.get(stream.key, stream.key)
        said = heard.waiting[0].event.type
        return Step(f"hears: {stream.consumer}, of {name}: {said} {heard.count}", self._touched(stream, name))

    def _touched(self, stream: Stream, name: str) -> frozenset[str]:
        if stream.consumer in ("payments", "notifications") or (stream.consumer, stream.topic) in (
            ("orders", "payments"),
            ("orders", "seats"),
        ):
            return frozenset({f"{stream.consumer}/{name}"})
        if stream.consumer == "orders":
            return self._everyone("orders")
        return frozenset({stream.consumer})

    def _everyone(self, service: str) -> frozenset[str]:
        return frozenset(f"{service}/{name}" for name in self.everyone)

    async def _act(self, step: Step) -> None:
        if step.name == "the provider is asked":
            await self._ask_provider()
        elif step.name == "tokens are collected":
            runtime = self.app.runtime("payments")
            [payments] = [each for each in self.app.process.services if each.name == "payments"]
            [collector] = [each for each in payments.workers(runtime) if each.name == "collector"]
            await collector._step()
        elif step.name == "the provider answers":
            assert self._cashier
            await self._cashier.stop()
            self._cashier = None
        else:
            [commands] = [each for each in self.people if each and each[0].name == step.name]
            await commands.pop(0).action()

    async def _work_of_payments(self) -> tuple[bool, bool]:
        """Whether charges lack a token, and whether the provider is to be asked about one."""
        async with self.app.runtime("payments").database.reading() as connection:
            without_token, due = (await connection.execute(DUE)).one()
        return bool(without_token), bool(due)

    async def _ask_provider(self) -> None:
        """The cashier takes what is due to the provider; what that answers is recorded by a step of its own."""
        runtime = self.app.runtime("payments")
        key = SecretValue(runtime.secrets, "services/payments", "provider_api_key")
        self._cashier = Cashier(runtime.database, SimulatedProvider(runtime.database, key), PaymentsSettings())
        await self._cashier.round()

    async def _collect(self, service: str) -> None:
        """What `service` has said since this was last asked."""
        query = select(event_log).where(event_log.c.position > self._read[service]).order_by(event_log.c.position)
        async with self.app.runtime(service).database.reading() as connection:
            rows = (await connection.execute(query)).all()
        for row in rows:
            self._read[service] = row.position
            assert not row.topic.endswith(DEAD_LETTER), f"a dead letter: {row.data}"
            self._log(row.id, self._models[row.topic, row.type].model_validate(row.data))

    def _log(self, event_id: UUID, event: Event) -> None:
        for consumer, wanted in self._wanted.items():
            if (event.topic, event.type) in wanted:
                stream = Stream(consumer, event.topic, event.key)
                self._streams.setdefault(stream, Heard()).events.append(Logged(event_id, event))


def _step(command: Command) -> Step:
    return Step(command.name, command.places)


def _events_of(service: str) -> Iterator[type[Event]]:
    module: Any = importlib.import_module(f"{service}.events")
    for _, each in inspect.getmembers(module, inspect.isclass):
        if issubclass(each, Event) and each.__module__ == module.__name__ and hasattr(each, "topic"):
            yield each

"""Events: what a service says has happened, and how another service reads it.

A producer defines its events in `events.py`, a consumer its own model of the same event with only the members it
needs (a tolerant reader). On the wire an event is a CloudEvent in binary mode: the envelope in Kafka headers, the
data as JSON in the value.

An event carries ids, never a person: a class with a member that could hold one does not load (`personal.py`). A
consumer that needs the person asks the service that knows it, at that moment.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from chassis.messaging.personal import refused_members

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


class Event(BaseModel):
    """A fact. A subclass names its `topic`, `type` and the member that is its key: events of one key stay in order.

    Raises TypeError, where a subclass is defined, that names the members which could say something personal.

    >>> class OrderPaid(Event, topic="orders", type="order.paid", key="order_id"):
    ...     order_id: UUID
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    topic: ClassVar[str]
    type: ClassVar[str]
    key_member: ClassVar[str]

    @classmethod
    def __pydantic_init_subclass__(cls, *, topic: str = "", type: str = "", key: str = "", **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if refused := refused_members(cls):
            raise TypeError(f"an event carries ids, never a person: {cls.__module__}.{cls.__qualname__}{refused}")
        if topic:
            cls.topic, cls.type, cls.key_member = topic, type, key

    def __init_subclass__(cls, *, topic: str = "", type: str = "", key: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)

    @property
    def key(self) -> str:
        return str(getattr(self, self.key_member))


E_co = TypeVar("E_co", bound=Event, covariant=True)
E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Received(Generic[E_co]):
    """An event as a consumer gets it: `data` in the consumer's own model, inside its envelope."""

    id: UUID
    type: str
    source: str
    time: datetime
    key: str
    data: E_co
    traceparent: str = ""


Handler = Callable[["AsyncConnection", Sequence[Received[Any]]], Awaitable[None]]
"""Takes the events of one type that arrived together, no two of them with the same key, inside one transaction.

The inbox has already sorted out what was handled before. Whatever it raises rolls the transaction back and the
events are tried again one by one, so a handler must do all its effects through the connection (or idempotently).
"""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Which handler gets which event."""

    model: type[Event]
    handler: Handler

    @property
    def topic(self) -> str:
        return self.model.topic


def now() -> datetime:
    """This moment in UTC."""
    return datetime.now(UTC)

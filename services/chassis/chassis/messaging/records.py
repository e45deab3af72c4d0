"""Reading a record of Kafka: whatever its bytes are, it is wanted, not wanted, or unreadable."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from aiokafka import ConsumerRecord

from chassis.messaging.dead_letters import describe
from chassis.messaging.events import Received, Subscription
from chassis.messaging.kafka import header
from chassis.observability.trace_context import as_traceparent

Wanted = Mapping[tuple[str, str], Subscription]
"""The subscriptions of a service by topic and type."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A record together with its event and the subscription that it is for."""

    record: ConsumerRecord
    event: Received[Any]
    subscription: Subscription

    @property
    def inbox_id(self) -> UUID:
        """An id is unique within its source (CloudEvents 1.0, section 3.1): one of a stranger takes away no other's."""
        source = self.event.source
        return self.event.id if source == self.record.topic else uuid5(self.event.id, source)


@dataclass(frozen=True, slots=True)
class Ignored:
    """A record of a type that the service has no subscription for."""

    record: ConsumerRecord


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that is no event as the service knows it; `reason` says why."""

    record: ConsumerRecord
    reason: str


def read(record: ConsumerRecord, wanted: Wanted) -> Delivery | Ignored | Unreadable:
    """Read any record; never raises. A model's validators may fail in any way, so every exception is an answer."""
    try:
        kind = _attribute(record, "ce_type")
        if subscription := wanted.get((record.topic, kind)):
            return Delivery(record, _event(record, subscription), subscription)
        return Ignored(record)
    except Exception as error:
        return Unreadable(record, describe(error))


def _event(record: ConsumerRecord, subscription: Subscription) -> Received[Any]:
    time = datetime.fromisoformat(_attribute(record, "ce_time"))
    if time.tzinfo is None:
        raise ValueError("ce_time has no time zone")
    return Received(
        id=UUID(_attribute(record, "ce_id")),
        type=subscription.model.type,
        source=(header(record.headers, "ce_source") or b"").decode(),
        time=time,
        key=(record.key or b"").decode(),
        data=subscription.model.model_validate_json(record.value or b""),
        traceparent=as_traceparent((header(record.headers, "traceparent") or b"").decode(errors="replace")),
    )


def _attribute(record: ConsumerRecord, name: str) -> str:
    """An attribute that every event has. Raises ValueError where it is missing, null, empty or not UTF-8."""
    value = header(record.headers, name)
    if not value:
        raise ValueError(f"{name} is missing")
    return value.decode()

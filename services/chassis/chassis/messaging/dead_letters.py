"""Dead letters: what they hold, so that Postgres and Kafka take any of them and a redrive sends the same bytes.

Text that JSON and Postgres can hold is kept as text, other bytes as `{"base64": "..."}`. Postgres has the whole letter;
the dead-letter topic gets one without the record's content where that would be too large for a broker.

A letter is kept until an operator has it sent again or discards it, however long that takes: nothing else may decide
about it. Then what it held goes. That it was there, where and why, stays in the log.
"""

from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import orjson
from aiokafka import ConsumerRecord, TopicPartition
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from chassis.messaging.kafka import DEAD_LETTER, MAX_RECORD_BYTES, Outgoing, Verbatim, header
from chassis.observability.trace_context import as_traceparent

NAMESPACE = UUID("b0f1ce00-0000-5000-8000-000000000000")
LONGEST_REASON = 2000
LONGEST_COLUMN = 200
"""Characters of what is in an index of the event log, where Postgres takes 2,700 bytes at most."""
CONTENT = ("key", "value", "headers")
"""The members that a redrive sends."""

Encoded = str | dict[str, str] | None


def row_of(record: ConsumerRecord, *, consumer: str, reason: str) -> dict[str, Any]:
    """The row of the event log for a record that `consumer` could not handle."""
    sent = Verbatim(record.topic, record.key, record.value, record.headers)
    return _row(sent, consumer, reason, {"partition": record.partition, "offset": record.offset})


def refused_row(event: Outgoing, *, consumer: str, reason: str) -> dict[str, Any]:
    """The row for an event that Kafka refuses, in the log of its own producer."""
    return _row(Verbatim(event.topic, event.key, event.value, event.headers()), consumer, reason, {})


def row_without_record(place: TopicPartition, offset: int, *, consumer: str, reason: str) -> dict[str, Any]:
    """The row for a record that is known by its place alone; it stays in Kafka for as long as the topic keeps it."""
    return {
        "id": uuid5(NAMESPACE, f"{consumer}/{place.topic}/{place.partition}/{offset}/{reason}"),
        "topic": place.topic + DEAD_LETTER,
        "key": "",
        "type": "unknown",
        "data": _described(consumer, reason, place.topic) | {"partition": place.partition, "offset": offset},
        "traceparent": "",
    }


def original(row: Any) -> Outgoing | Verbatim | None:
    """What a redrive sends for this row of the event log: the record's own bytes; None where they are not there."""
    letter = row.data
    if "headers" in letter:
        key, value = _decode(letter["key"]), _decode(letter["value"])
        if key is None and value is None:
            key = b""  # the client of Kafka refuses a record with neither
        headers = [((_decode(name) or b"").decode(), _decode(content)) for name, content in letter["headers"]]
        return Verbatim(letter["topic"], key, value, headers)
    if "value" in letter:  # written before letters had headers
        return Outgoing(
            topic=letter["topic"],
            key=row.key.encode(),
            value=letter["value"].encode(),
            id=letter["id"],
            type=row.type,
            source=letter["source"],
            time=letter["time"],
            traceparent=row.traceparent,
        )
    return None


def published_form(data: str) -> bytes:
    """The letter `data` (JSON) as it goes to the dead-letter topic."""
    whole = data.encode()
    if len(whole) <= MAX_RECORD_BYTES:
        return whole
    letter = {name: value for name, value in orjson.loads(whole).items() if name not in CONTENT}
    return orjson.dumps(letter | {"shortened": True})


def describe(error: BaseException) -> str:
    """Why an event failed, in one line and without the values that it or a statement had."""
    if isinstance(error, ValidationError):
        items = error.errors(include_input=False, include_url=False, include_context=False)
        text = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in items)
    else:
        text = str(error.orig if isinstance(error, DBAPIError) else error).partition("\nDETAIL:")[0]
    return f"{type(error).__name__}: {text}"


def _row(sent: Verbatim, consumer: str, reason: str, place: dict[str, int]) -> dict[str, Any]:
    """The same bytes are the same letter, wherever they were in the topic."""
    content = {
        "key": _encode(sent.key),
        "value": _encode(sent.value),
        "headers": [[_encode(name.encode()), _encode(value)] for name, value in sent.attributes],
    }
    named = {name: _shown(header(sent.attributes, f"ce_{name}")) for name in ("id", "source", "time")}
    digest = sha256(orjson.dumps(content)).hexdigest()
    return {
        "id": uuid5(NAMESPACE, f"{consumer}/{sent.topic}/{digest}"),
        "topic": sent.topic + DEAD_LETTER,
        "key": _shown(sent.key),
        "type": _shown(header(sent.attributes, "ce_type")) or "unknown",
        "data": _described(consumer, reason, sent.topic) | place | named | content,
        "traceparent": as_traceparent((header(sent.attributes, "traceparent") or b"").decode(errors="replace")),
    }


def _described(consumer: str, reason: str, topic: str) -> dict[str, Any]:
    return {"consumer": consumer, "reason": _storable(reason)[:LONGEST_REASON], "topic": topic}


def _shown(raw: bytes | None) -> str:
    """`raw` for people and for an index: short text, whatever it was."""
    return _storable((raw or b"")[: 4 * LONGEST_COLUMN].decode(errors="replace"))[:LONGEST_COLUMN]


def _storable(text: str) -> str:
    """`text` without what Postgres or JSON refuses: NUL and surrogates."""
    return text.encode(errors="replace").decode().replace("\x00", "\ufffd")


def _encode(raw: bytes | None) -> Encoded:
    if raw is None:
        return None
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return {"base64": b64encode(raw).decode()}
    return {"base64": b64encode(raw).decode()} if "\x00" in text else text


def _decode(encoded: Encoded) -> bytes | None:
    if isinstance(encoded, dict):
        return b64decode(encoded["base64"])
    return None if encoded is None else encoded.encode()

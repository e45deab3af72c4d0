"""Batches of records as a stranger's program may send them: header names of any bytes, compressed or not."""

from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy as Builder

from chassis.messaging.kafka import MAX_REQUEST_BYTES, Verbatim

MAGIC = 2
NO_PRODUCER = (-1, -1, 0)


class Name(str):
    """The name of a header, of any bytes: those that are not UTF-8 are surrogates in it, as in a file's name."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "surrogateescape") -> bytes:
        return super().encode(encoding, errors)


def is_utf8(record: Verbatim) -> bool:
    """Whether a client of Kafka can make text of the names of all headers."""
    return not any("\udc80" <= character <= "\udcff" for name, _ in record.attributes for character in name)


def bundle_of(records: Sequence[Verbatim], codec: int = 0, *, at_ms: int | None = None) -> bytes:
    """The batch that `records` make, in `codec` (Kafka's number of it), sent at this time or now."""
    builder = Builder(MAGIC, codec, 0, *NO_PRODUCER, MAX_REQUEST_BYTES)
    for offset, each in enumerate(records):
        headers = [(Name(name), value) for name, value in each.attributes]
        builder.append(offset, at_ms, each.key, each.value, headers)
    return bytes(builder.build())


class _Ready:
    """A batch as it is, in the place of the one that aiokafka would build."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def build(self) -> bytes:
        return self._raw

    def size(self) -> int:
        return len(self._raw)


async def send_bundle(producer: AIOKafkaProducer, topic: str, partition: int, raw: bytes) -> int:
    """Send the batch `raw`; answers the offset of its first record."""
    bundle: Any = producer.create_batch()
    bundle._builder = _Ready(raw)
    bundle._relative_offset = 1  # aiokafka does not send what has no record
    sent = await (await producer.send_batch(bundle, topic, partition=partition))
    return int(sent.offset)

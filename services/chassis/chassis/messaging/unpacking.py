"""Reading a batch of Kafka past what aiokafka cannot read in it: a bad record takes no other of its batch away.

aiokafka reads a batch from its beginning, so a record whose header name is not UTF-8 hides all that stand behind it.
"""

import gzip
import struct
import zlib
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import CorruptRecordException, KafkaError, UnsupportedCodecError, for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.default_records import _DefaultRecordBatchPy as Batch
from aiokafka.record.util import decode_varint_py as decode_varint  # the compiled one reads past the end

UNREADABLE = (UnsupportedCodecError, CorruptRecordException)
"""The errors of Kafka's client that speak of a record's bytes; all others speak of a broker or the network."""
BROKEN = (*UNREADABLE, ValueError, IndexError, AssertionError, struct.error, EOFError, gzip.BadGzipFile, zlib.error)
"""What bytes that are no batch lead to."""
LENGTH = slice(8, 12)
BEGINNING = 12
"""Bytes of a batch up to its length and with it, which the length does not count."""
FETCH_MS = 500
MOST_BYTES = 64 * 1024 * 1024
READ_UNCOMMITTED = 0


@dataclass(frozen=True, slots=True)
class Unfetchable:
    """A record of which only the place is known, because it cannot be read."""

    place: TopicPartition
    offset: int
    error: BaseException


def speaks_of_bytes(error: BaseException) -> bool:
    """Whether `error`, which fetching raised, may be due to what was fetched."""
    return not isinstance(error, KafkaError) or isinstance(error, UNREADABLE)


async def unpack(
    consumer: AIOKafkaConsumer, place: TopicPartition, offset: int
) -> tuple[list[ConsumerRecord | Unfetchable], int]:
    """What the batch at `offset` holds from there on, and the offset behind it.

    Where the batch cannot be read (on), its next record is an `Unfetchable`, and the offset is the one behind that.
    Raises KafkaError where the broker does not answer well.
    """
    raw = await _fetch(consumer, place, offset)
    return _read(raw[: BEGINNING + int.from_bytes(raw[LENGTH], "big")], place, offset) if raw else ([], offset)


async def _fetch(consumer: AIOKafkaConsumer, place: TopicPartition, offset: int) -> bytes:
    """Ask the broker, as aiokafka does, which shows the bytes of a batch nowhere. Empty where there are none yet."""
    client = consumer._client
    wanted = [(place.topic, [(place.partition, offset, MOST_BYTES)])]
    request = FetchRequest(FETCH_MS, 1, MOST_BYTES, READ_UNCOMMITTED, wanted)
    response = await client.send(client.cluster.leader_for_partition(place), request)
    for _, partitions in response.topics:
        for _, code, *_, raw in partitions:
            if code:
                raise for_code(code)(place)
            return raw or b""
    return b""


def _read(raw: bytes, place: TopicPartition, offset: int) -> tuple[list[ConsumerRecord | Unfetchable], int]:
    found: list[ConsumerRecord | Unfetchable] = []
    reached = offset
    try:
        batch = _Lenient(raw, place)
        end, least = batch.next_offset, batch.base_offset
        if end <= offset:
            raise CorruptRecordException("the batch ends before its place")
        for each in () if batch.is_control_batch else batch:
            if not least <= each.offset < end:
                raise CorruptRecordException("an offset is out of order")
            least = each.offset + 1
            if each.offset >= offset:
                found.append(each)
                reached = least
    except BROKEN as error:
        return [*found, Unfetchable(place, reached, error)], reached + 1
    return found, end


class _Lenient(Batch):  # type: ignore[misc] # aiokafka has no types
    """A batch that goes on behind a record that cannot be read: the record says how long it is."""

    def __init__(self, raw: bytes, place: TopicPartition) -> None:
        super().__init__(raw)
        self._place = place
        if not self.validate_crc():
            raise CorruptRecordException("the batch does not have its checksum")

    def __next__(self) -> ConsumerRecord | Unfetchable:
        start = self._pos
        try:
            record = super().__next__()
        except CorruptRecordException as error:
            return self._pass(start, error.__cause__ or error)
        key, value = record.key, record.value
        return ConsumerRecord(
            *self._place,
            record.offset,
            record.timestamp,
            record.timestamp_type,
            key,
            value,
            None,
            len(key or b""),
            len(value or b""),
            tuple(record.headers),
        )

    def _read_msg(self) -> Any:
        return super()._read_msg(decode_varint)

    def _pass(self, start: int, error: BaseException) -> Unfetchable:
        """Go on behind the record that begins at `start`. Raises one of BROKEN where that cannot be."""
        length, begin = decode_varint(self._buffer, start)
        if self._next_record_index >= self._num_records or not 0 < length <= len(self._buffer) - begin:
            raise error
        _attributes, position = decode_varint(self._buffer, begin)
        _age, position = decode_varint(self._buffer, position)
        distance, _ = decode_varint(self._buffer, position)
        self._pos = begin + length
        self._next_record_index += 1
        return Unfetchable(self._place, self.base_offset + distance, error)

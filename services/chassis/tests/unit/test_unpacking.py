"""Whatever a batch of Kafka holds: each record that can be read is read, each other has its place, and it goes on."""

import struct
import zlib

import hypothesis
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.record.default_records import DefaultRecordBase
from aiokafka.record.util import calc_crc32c
from hypothesis import strategies as st

from chassis.messaging.kafka import Verbatim
from chassis.messaging.unpacking import Unfetchable, _read
from support.bundles import bundle_of, is_utf8
from support.records import anything, strangers

PLACE = TopicPartition("alpha", 3)
BASE = 1000

nameless = st.builds(
    lambda record, name, value: Verbatim(record.topic, record.key, record.value, [*record.attributes, (name, value)]),
    strangers,
    st.binary(min_size=1, max_size=5).map(lambda raw: (b"\xff" + raw).decode(errors="surrogateescape")),
    anything,
)
bundles = st.lists(st.one_of(strangers, nameless), min_size=1, max_size=8)
codecs = st.sampled_from([0, DefaultRecordBase.CODEC_GZIP])


def stored(raw: bytes | bytearray) -> bytes:
    """As a broker keeps it: with its offset, and a checksum that is right."""
    whole = bytearray(raw)
    struct.pack_into(">q", whole, 0, BASE)
    struct.pack_into(
        ">I", whole, DefaultRecordBase.CRC_OFFSET, calc_crc32c(whole[DefaultRecordBase.ATTRIBUTES_OFFSET :])
    )
    return bytes(whole)


def content(record: ConsumerRecord | Verbatim) -> tuple[object, ...]:
    headers = record.attributes if isinstance(record, Verbatim) else record.headers
    return record.key, record.value, list(headers)


@hypothesis.given(records=bundles, codec=codecs, first=st.integers(0, 7))
def test_a_record_that_is_no_text_hides_no_other(records: list[Verbatim], codec: int, first: int) -> None:
    first %= len(records)
    found, after = _read(stored(bundle_of(records, codec, at_ms=0)), PLACE, BASE + first)
    assert after == BASE + len(records)
    assert [each.offset for each in found] == list(range(BASE + first, after))
    for each, sent in zip(found, records[first:], strict=True):
        if is_utf8(sent):
            assert isinstance(each, ConsumerRecord)
            assert content(each) == content(sent)
        else:
            assert isinstance(each, Unfetchable)
            assert each.place == PLACE


@hypothesis.given(
    records=bundles,
    damage=st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), min_size=1, max_size=4),
    kept=st.one_of(st.just(1.0), st.floats(0.0, 1.0)),
)
def test_bytes_that_are_no_batch_are_passed_one_place_at_a_time(
    records: list[Verbatim], damage: list[tuple[int, int]], kept: float
) -> None:
    raw = bytearray(bundle_of(records, at_ms=0))
    begin = DefaultRecordBase.HEADER_STRUCT.size
    for place, value in damage:
        raw[begin + place % (len(raw) - begin)] = value
    whole = stored(raw)
    cut = whole[: max(1, int(kept * len(whole)))]
    offset, rounds = BASE, 0
    while offset < BASE + len(records):
        found, after = _read(cut, PLACE, offset)
        assert after > offset
        assert all(offset <= each.offset < after for each in found if isinstance(each, Unfetchable))
        offset, rounds = after, rounds + 1
    assert rounds <= len(records)


def test_a_batch_with_a_wrong_checksum_is_not_trusted() -> None:
    record = Verbatim("alpha", b"ada", b"1", [])
    raw = bytearray(stored(bundle_of([record, record])))
    raw[-1] ^= 1
    [lost], after = _read(bytes(raw), PLACE, BASE)
    assert (lost.offset, after) == (BASE, BASE + 1)
    assert isinstance(lost, Unfetchable)


def test_a_pack_that_is_none_is_passed() -> None:
    record = Verbatim("alpha", b"ada", b"1" * 500, [])
    raw = bytearray(bundle_of([record, record], DefaultRecordBase.CODEC_GZIP))
    for damage in (b"\x00", b"\x1f\x8b\x08\x00", zlib.compress(b"1")[:8]):
        raw[DefaultRecordBase.HEADER_STRUCT.size :] = damage
        struct.pack_into(">i", raw, 8, len(raw) - 12)
        [lost], after = _read(stored(raw), PLACE, BASE)
        assert (lost.offset, after) == (BASE, BASE + 1)

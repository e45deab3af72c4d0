"""Whatever the bytes of a record are: it has a reading, and a dead letter from which the same can be sent again."""

from collections.abc import Iterator
from types import SimpleNamespace
from uuid import uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import field_validator

from chassis.messaging.dead_letters import LONGEST_COLUMN, original, published_form, refused_row, row_of
from chassis.messaging.events import Event, Received, Subscription
from chassis.messaging.kafka import MAX_RECORD_BYTES, Outgoing, Verbatim
from chassis.messaging.personal import PublicText
from chassis.messaging.records import Delivery, Ignored, Unreadable, read
from support.records import mutated, received, strangers


class Said(Event, topic="alpha", type="alpha.said", key="who"):
    who: PublicText
    number: int


async def listen(_: object, events: object) -> None:
    """Nothing is delivered here."""


WANTED = {("alpha", "alpha.said"): Subscription(Said, listen)}
TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
SENT = Outgoing(
    "alpha", b"ada", b'{"who": "ada", "number": 1}', str(uuid4()), "alpha.said", "alpha", "2030-01-01T00:00:00Z", TRACE
)
GOOD = Verbatim(SENT.topic, SENT.key, SENT.value, SENT.headers())


def with_header(name: str, value: bytes | None) -> Verbatim:
    return Verbatim(GOOD.topic, GOOD.key, GOOD.value, [(n, value if n == name else v) for n, v in GOOD.attributes])


def texts_of(value: object) -> Iterator[str]:
    """Every text within `value`."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts_of(item)


def event_of(sent: Verbatim) -> Received[Said]:
    reading = read(received(sent), WANTED)
    assert isinstance(reading, Delivery), reading
    return reading.event


def test_a_good_event_is_wanted() -> None:
    event = event_of(GOOD)
    assert (event.data, event.key, event.source, event.traceparent) == (
        Said(who="ada", number=1),
        "ada",
        "alpha",
        TRACE,
    )


@given(st.one_of(mutated(GOOD), strangers))
def test_every_record_has_a_reading(sent: Verbatim) -> None:
    reading = read(received(sent), WANTED)
    assert isinstance(reading, Delivery | Ignored | Unreadable)
    if isinstance(reading, Ignored):
        types = [value for name, value in sent.attributes if name == "ce_type"]
        assert types[0]
        assert types[0].decode() != "alpha.said"


@pytest.mark.parametrize("name", ["ce_type", "ce_id", "ce_time"])
@pytest.mark.parametrize("value", [None, b"", b"\xff", b"\xc3\x28"])
def test_an_event_without_what_makes_it_one_is_unreadable(name: str, value: bytes | None) -> None:
    assert isinstance(read(received(with_header(name, value)), WANTED), Unreadable)


@pytest.mark.parametrize("trace", [None, b"", b"\xff", b"00-zz", b"x" * 5000])
def test_no_event_is_lost_for_its_trace(trace: bytes | None) -> None:
    assert event_of(with_header("traceparent", trace)).traceparent == ""


def test_a_time_has_a_zone() -> None:
    assert isinstance(read(received(with_header("ce_time", b"2030-01-01T00:00:00")), WANTED), Unreadable)


def test_an_id_is_unique_within_its_source() -> None:
    stranger, own = (read(received(sent), WANTED) for sent in (with_header("ce_source", b"stranger"), GOOD))
    assert isinstance(stranger, Delivery)
    assert isinstance(own, Delivery)
    assert own.inbox_id == own.event.id != stranger.inbox_id


def test_a_model_may_fail_in_any_way() -> None:
    class Broken(Said):
        @field_validator("who")
        @classmethod
        def _look_up(cls, value: str) -> str:
            raise KeyError(value)

    reading = read(received(GOOD), {("alpha", "alpha.said"): Subscription(Broken, listen)})
    assert isinstance(reading, Unreadable)
    assert reading.reason.startswith("KeyError")


def test_the_reason_does_not_repeat_what_was_in_the_event() -> None:
    reading = read(received(Verbatim("alpha", b"ada", b'{"who": ["secret"], "number": 1}', GOOD.attributes)), WANTED)
    assert isinstance(reading, Unreadable)
    assert reading.reason.startswith("ValidationError: who: ")
    assert "secret" not in reading.reason


@given(st.one_of(mutated(GOOD), strangers), st.text())
def test_a_dead_letter_can_be_stored_and_gives_the_same_record_back(sent: Verbatim, reason: str) -> None:
    row = row_of(received(sent), consumer="beta", reason=reason)
    stored = orjson.loads(orjson.dumps(row["data"]))
    assert not any("\x00" in text for text in texts_of(list(row.values())))
    assert len(row["key"]) <= LONGEST_COLUMN
    again = original(SimpleNamespace(**row | {"data": stored}))
    assert isinstance(again, Verbatim)
    assert (again.topic, again.value, list(again.attributes)) == (sent.topic, sent.value, list(sent.attributes))
    assert again.key == sent.key or (sent.key is None and sent.value is None)


@given(strangers, strangers)
def test_other_bytes_are_another_letter(one: Verbatim, other: Verbatim) -> None:
    first, again, second = (row_of(received(sent), consumer="beta", reason="")["id"] for sent in (one, one, other))
    assert first == again
    assert (first == second) == (
        (one.key, one.value, list(one.attributes)) == (other.key, other.value, list(other.attributes))
    )


@pytest.mark.parametrize("value", [b"\xff" * 900_000, b'"' * 900_000, b"x" * 5_000_000])
def test_a_letter_that_no_broker_would_take_is_published_without_its_content(value: bytes) -> None:
    row = row_of(received(Verbatim("alpha", b"ada", value, [])), consumer="beta", reason="unlucky")
    form = published_form(orjson.dumps(row["data"]).decode())
    assert len(form) < MAX_RECORD_BYTES
    assert orjson.loads(form) | {"reason": "unlucky", "shortened": True} == orjson.loads(form)


def test_an_event_that_kafka_refused_can_be_sent_again() -> None:
    row = refused_row(SENT, consumer="alpha", reason="too large")
    again = original(SimpleNamespace(**row))
    assert again == GOOD


def test_a_letter_of_an_earlier_version_can_be_sent_again() -> None:
    letter = {"consumer": "beta", "reason": "", "topic": "alpha", "id": SENT.id, "source": "alpha", "time": SENT.time}
    row = SimpleNamespace(type=SENT.type, key="ada", traceparent=TRACE, data=letter | {"value": SENT.value.decode()})
    assert original(row) == SENT

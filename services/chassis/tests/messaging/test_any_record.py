"""Whatever stands in a topic: the good events around it are handled, it is a dead letter, and all is committed."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from chassis.messaging.events import Received
from chassis.messaging.kafka import Verbatim
from support.bundles import bundle_of, send_bundle
from support.talk import Ears, Said, Talk, said

pytestmark = pytest.mark.timeout(120)

AWKWARD = (None, b"", b"\xff\xfe", b"\x00", b"x" * 3000)


def with_header(record: Verbatim, name: str, value: bytes | None) -> Verbatim:
    return replace(record, attributes=[(n, value if n == name else v) for n, v in record.attributes])


def every_bad_record() -> list[Verbatim]:
    attributes = [(name, value) for name in ("ce_id", "ce_time") for value in AWKWARD]
    attributes += [("ce_type", value) for value in AWKWARD[:3]]  # the others are types of which beta wants no event
    bad = [with_header(said("eve", 13), name, value) for name, value in attributes]
    bad += [replace(said("eve", 13), key=b"\xff" * 5000)]
    bad += [replace(said("eve", 13), key=key, value=b"?") for key in AWKWARD]
    bad += [replace(said("eve", 13), value=value) for value in (*AWKWARD, b"\xff" * 900_000)]
    bad += [
        Verbatim("alpha", b"eve", b"", []),
        Verbatim("alpha", b"\x00", None, [("ce_type", None), ("\x00", b"\x00")]),
    ]
    return bad


async def test_no_record_takes_the_others_of_its_batch_away(talk: Talk) -> None:
    bad = every_bad_record()
    records = [record for number, stranger in enumerate(bad) for record in (said("ada", number), stranger)]
    await talk.send(*records, said("ada", len(bad)), partition=0)
    assert await talk.until_heard("ada", len(bad)) == {"ada": list(range(len(bad) + 1))}
    letters = await talk.until_put_aside(len(bad))
    assert len(letters) == len(bad)
    await talk.until_committed()
    published = await talk.records("alpha.dead-letter", at_least=len(bad))
    assert len(published) == len(bad)
    assert sum("shortened" in orjson.loads(each.value or b"") for each in published) == 1


NAMELESS = replace(said("eve", 13), attributes=[*said("eve", 13).attributes, ("\udcff\udcfe", b"")])


@pytest.mark.parametrize("first", [NAMELESS, said("ada", 0)])
async def test_a_header_name_that_is_no_text_takes_no_event_of_its_batch_away(talk: Talk, first: Verbatim) -> None:
    numbers = range(0 if first is not NAMELESS else 1, 8)
    others = [NAMELESS if number % 3 == 1 else said("ada", number) for number in range(1, 8)]
    await talk.say("bob", 1)
    await talk.until_heard("bob", 1)
    async with AIOKafkaProducer(bootstrap_servers=talk.broker.address) as stranger:
        offset = await send_bundle(stranger, "alpha", 0, bundle_of([first, *others]))
    good = [number for number in numbers if number % 3 != 1]
    assert (await talk.until_heard("ada", good[-1]))["ada"] == good
    bad = [number for number, each in enumerate([first, *others]) if each is NAMELESS]
    letters = await talk.until_put_aside(len(bad))
    await talk.until_committed()
    assert sorted(letter["offset"] - offset for letter in letters) == bad


@pytest.mark.parametrize("name", ["traceparent", "ce_source"])
async def test_an_event_without_trace_or_source_is_handled(talk: Talk, name: str) -> None:
    await talk.send(with_header(said("ada", 1), name, None), said("ada", 2))
    assert await talk.until_heard("ada", 2) == {"ada": [1, 2]}
    assert await talk.letters() == []


async def test_an_id_that_was_used_before_takes_no_event_away(talk: Talk) -> None:
    good = said("ada", 1)
    bad = replace(good, value=b"?")
    other = with_header(replace(said("bob", 1), attributes=good.attributes), "ce_source", b"stranger")
    await talk.send(bad, other, good, replace(bad, value=b"!"), good, partition=0)
    await talk.send(said("ada", 2), partition=0)
    assert await talk.until_heard("ada", 2) == {"ada": [1, 2], "bob": [1]}
    assert [letter["value"] for letter in await talk.until_put_aside(2)] == ["?", "!"]


class Unruly(BaseException):
    """What no library should raise."""


@pytest.mark.parametrize(
    "error", [asyncio.CancelledError(), Unruly(), SystemExit(), RecursionError(), ValueError("\x00\ud800")]
)
async def test_whatever_a_handler_raises_ends_as_a_dead_letter(
    talk: Talk, ears: Ears, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "chassis")  # pytest-xdist cannot send a log line with half a character

    def fail(events: Sequence[Received[Said]]) -> None:
        if any(event.data.number == 13 for event in events):
            raise error

    ears.fail = fail
    await talk.say("ada", 12, 13, 14)
    assert await talk.until_heard("ada", 14) == {"ada": [12, 14]}
    [letter] = await talk.until_put_aside()
    assert letter["reason"].startswith(type(error).__name__)
    await talk.until_committed()


async def test_an_event_that_always_seems_to_meet_an_outage_holds_up_no_other(talk: Talk, ears: Ears) -> None:
    unlucky = str(uuid4())

    def fail(events: Sequence[Received[Said]]) -> None:
        if any(event.data.who == unlucky for event in events):
            raise ConnectionRefusedError("away")

    ears.fail = fail
    await talk.say(unlucky, 1)
    for number in range(3):
        await talk.say("ada", number)
        await talk.until_heard("ada", number)
    assert await talk.letters() == []
    ears.fail = lambda _: None
    assert await talk.until_heard(unlucky, 1) == {unlucky: [1], "ada": [0, 1, 2]}
    await talk.until_committed()

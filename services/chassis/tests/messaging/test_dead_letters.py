"""A poison message stops nothing: it is tried again, then put aside with the reason, while the others go on."""

from collections.abc import Callable, Sequence
from typing import Any

import orjson
import pytest
from sqlalchemy import insert

from chassis.database.tables import event_log
from chassis.ids import uuid7
from chassis.messaging.events import Event, Received
from chassis.messaging.kafka import DEAD_LETTER
from chassis.messaging.outbox import append
from chassis.messaging.personal import PublicText
from support.talk import Ears, Said, Talk

pytestmark = pytest.mark.timeout(90)

UNLUCKY = 13


def refuse(bad: Callable[[Said], bool], error: Exception) -> Callable[[Sequence[Received[Said]]], None]:
    def fail(events: Sequence[Received[Said]]) -> None:
        if any(bad(event.data) for event in events):
            raise error

    return fail


async def test_what_no_handler_can_take_is_put_aside_and_the_rest_goes_on(talk: Talk, ears: Ears) -> None:
    ears.fail = refuse(lambda said: said.number == UNLUCKY, ValueError("unlucky"))
    async with talk.alpha.database.transaction() as tx:
        await append(tx, *(Said(who=who, number=number) for who in ("ada", "bob") for number in (12, UNLUCKY, 14)))
    await talk.until_heard("ada", 14)
    await talk.until_heard("bob", 14)
    assert await talk.heard() == {"ada": [12, 14], "bob": [12, 14]}
    letters = await talk.until_put_aside(2)
    assert {letter["reason"] for letter in letters} == {"ValueError: unlucky"}
    assert {orjson.loads(letter["value"])["who"] for letter in letters} == {"ada", "bob"}


async def test_the_dead_letter_is_published_too(talk: Talk, ears: Ears) -> None:
    ears.fail = refuse(lambda said: said.number == UNLUCKY, ValueError("unlucky"))
    await talk.say("ada", UNLUCKY)
    await talk.until_put_aside()
    [record] = await talk.records("alpha" + DEAD_LETTER, at_least=1)
    letter = orjson.loads(record.value or b"")
    assert (record.key, letter["consumer"], letter["topic"]) == (b"ada", "beta", "alpha")


async def test_what_nobody_can_read_is_put_aside(talk: Talk) -> None:
    unreadable: list[Any] = [{"who": "ada"}, [1], "text", {"who": "ada", "number": {}}]
    envelope = {"topic": "alpha", "key": "ada", "type": "alpha.said"}
    rows = [{"id": uuid7(), "data": data, **envelope} for data in unreadable]
    async with talk.alpha.database.transaction() as tx:
        await tx.execute(insert(event_log), rows)
    await talk.say("ada", 1)
    await talk.until_heard("ada", 1)
    letters = await talk.until_put_aside(4)
    assert all(letter["reason"].startswith("ValidationError") for letter in letters)


async def test_an_event_of_an_unknown_type_is_left_alone(talk: Talk) -> None:
    class Sung(Event, topic="alpha", type="alpha.sung", key="who"):
        who: PublicText

    async with talk.alpha.database.transaction() as tx:
        await append(tx, Sung(who="ada"), Said(who="ada", number=1))
    await talk.until_heard("ada", 1)
    assert await talk.letters() == []


async def test_a_failure_that_passes_loses_nothing(talk: Talk, ears: Ears) -> None:
    failures = [ValueError("deadlock detected")] * 3

    def fail(_: Sequence[Received[Said]]) -> None:
        if failures:
            raise failures.pop()

    ears.fail = fail
    await talk.say("ada", 1, 2, 3)
    assert await talk.until_heard("ada", 3) == {"ada": [1, 2, 3]}
    assert await talk.letters() == []


async def test_an_outage_is_waited_for_however_long_it_takes(talk: Talk, ears: Ears) -> None:
    failures = [ConnectionRefusedError("postgres is away")] * 20

    def fail(_: Sequence[Received[Said]]) -> None:
        if failures:
            raise failures.pop()

    ears.fail = fail
    await talk.say("ada", 1)
    assert await talk.until_heard("ada", 1) == {"ada": [1]}
    assert await talk.letters() == []

"""Work in flight is bounded: some of the rest waits for a while, what is beyond that is told at once."""

import asyncio

import pytest

from chassis.http.admission import Admission, Busy, Parties, Urgency


async def settle() -> None:
    """Let every task that can run do so."""
    for _ in range(5):
        await asyncio.sleep(0)


class Line:
    """Requests that wait, and the names of those that were let in or told that it is busy."""

    def __init__(self, admission: Admission) -> None:
        self.entered: list[str] = []
        self.refused: list[str] = []
        self._admission = admission
        self._tasks: list[asyncio.Task[None]] = []

    async def join(self, *names: str, urgency: Urgency = Urgency.CHANGE, of: Parties = ()) -> None:
        for name in names:
            self._tasks.append(asyncio.create_task(self._request(name, urgency, of)))
        await settle()

    async def leave(self, times: int, *, of: Parties = ()) -> None:
        """So many of those inside go, one after the other."""
        for _ in range(times):
            self._admission.leave(of)
            await settle()

    async def _request(self, name: str, urgency: Urgency, parties: Parties) -> None:
        try:
            await self._admission.enter(urgency, parties)
        except Busy:
            self.refused.append(name)
        else:
            self.entered.append(name)


async def test_the_latest_comes_first() -> None:
    """Who has waited for long has had most of the time that they may wait."""
    line = Line(Admission(max_in_flight=1, max_queued=3, max_seconds=60))
    await line.join("inside", "first", "second", "third")
    assert line.entered == ["inside"]
    await line.leave(3)
    assert line.entered == ["inside", "third", "second", "first"]


async def test_to_finish_comes_before_to_begin() -> None:
    line = Line(Admission(max_in_flight=1, max_queued=3, max_seconds=60))
    await line.join("inside")
    await line.join("call", urgency=Urgency.CALL)
    await line.join("change", urgency=Urgency.CHANGE)
    await line.join("read", urgency=Urgency.READ)
    await line.leave(3)
    assert line.entered == ["inside", "call", "change", "read"]


async def test_in_a_full_queue_who_has_waited_longest_makes_room() -> None:
    line = Line(Admission(max_in_flight=1, max_queued=2, max_seconds=60))
    await line.join("inside", "first", "second", "third")
    assert line.refused == ["first"]
    await line.join("reader", urgency=Urgency.READ)
    assert line.refused == ["first", "reader"], "nobody makes room for what is less urgent"
    await line.join("caller", urgency=Urgency.CALL)
    assert line.refused == ["first", "reader", "second"]
    await line.leave(2)
    assert line.entered == ["inside", "caller", "third"]


async def test_beyond_the_queue_the_answer_is_busy_at_once() -> None:
    admission = Admission(max_in_flight=1, max_queued=0, max_seconds=60)
    await admission.enter()
    with pytest.raises(Busy) as busy:
        await asyncio.wait_for(admission.enter(), 1)
    assert (busy.value.status, busy.value.headers) == (503, {"retry-after": "1"})


async def test_nobody_waits_longer_than_allowed_and_no_place_is_lost() -> None:
    admission = Admission(max_in_flight=1, max_queued=1, max_seconds=0.01)
    await admission.enter()
    with pytest.raises(Busy):
        await admission.enter()
    admission.leave()
    await asyncio.wait_for(admission.enter(), 1)


async def test_a_client_that_goes_away_while_waiting_leaves_its_place_in_the_queue() -> None:
    admission = Admission(max_in_flight=1, max_queued=1, max_seconds=60)
    await admission.enter()
    gone = asyncio.create_task(admission.enter())
    await settle()
    gone.cancel()
    await settle()
    staying = asyncio.create_task(admission.enter())
    await settle()
    admission.leave()
    await asyncio.wait_for(staying, 1)


async def test_a_place_handed_to_a_client_that_just_left_is_passed_on() -> None:
    admission = Admission(max_in_flight=1, max_queued=1, max_seconds=60)

    async def request() -> None:
        await admission.enter()
        admission.leave()

    await admission.enter()
    gone = asyncio.create_task(request())
    await settle()
    admission.leave()
    gone.cancel()
    await settle()
    await asyncio.wait_for(request(), 1)


MANY = [str(number) for number in range(300)]


async def test_one_party_leaves_half_of_the_places_and_most_of_the_queue_to_others() -> None:
    line = Line(Admission(max_in_flight=64, max_queued=90, max_seconds=60))
    await line.join(*MANY, of=("flood",))
    assert len(line.entered) == 33
    assert len(line.refused) == 300 - 33 - 31
    await line.join("another", of=("another",))
    assert line.entered[-1] == "another"


@pytest.mark.parametrize("parties", [2, 3, 5])
async def test_where_several_parties_take_what_they_can_some_places_are_left(parties: int) -> None:
    line = Line(Admission(max_in_flight=64, max_queued=512, max_seconds=60))
    for number in range(parties):
        await line.join(*MANY, of=(f"service {number}",))
    await line.join("another", of=("service another",))
    assert line.entered[-1] == "another"


async def test_a_place_goes_to_those_who_have_less_than_their_share() -> None:
    line = Line(Admission(max_in_flight=2, max_queued=9, max_seconds=60))
    await line.join("inside", "also inside", "first", "second", of=("flood",))
    assert line.entered == ["inside", "also inside"]
    await line.join("another", of=("another",))
    await line.join("third", of=("flood",))
    await line.leave(1, of=("flood",))
    assert line.entered[2:] == ["third"], "among equals the latest"
    await line.leave(2, of=("flood",))
    assert line.entered[3:] == ["another", "second"]


async def test_in_a_crowd_its_own_oldest_makes_room() -> None:
    line = Line(Admission(max_in_flight=1, max_queued=6, max_seconds=60))
    await line.join("inside", "patient")
    await line.join("first", "second", "third", "fourth", of=("flood",))
    assert line.refused == ["first", "second"]
    await line.leave(4)
    assert line.entered == ["inside", "fourth", "third", "patient"]


async def test_all_places_are_there_again_when_all_have_left() -> None:
    admission = Admission(max_in_flight=4, max_queued=8, max_seconds=60)

    async def request(number: int) -> None:
        parties = (f"service {number % 2}", f"client {number % 3}")
        await admission.enter(Urgency(number % 3), parties)
        await asyncio.sleep(0)
        admission.leave(parties)

    tasks = [asyncio.create_task(request(number)) for number in range(100)]
    await settle()
    for each in tasks[::7]:
        each.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(each) for each in outcomes} <= {type(None), Busy, asyncio.CancelledError}
    assert admission.queued == 0
    line = Line(admission)
    await line.join("one", "two", "three", "four", "five")
    assert line.entered == ["one", "two", "three", "four"]

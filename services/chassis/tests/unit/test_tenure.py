"""What is committed: never past a record that is not done."""

from collections.abc import Sequence

from aiokafka import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from chassis.messaging.tenure import Line, Tenure

PAUSES = (0.0, 0.0, 0.0)
places = st.tuples(st.integers(0, 2), st.integers(0, 30))


@given(st.sets(places), st.data())
def test_an_offset_is_committed_when_all_below_it_is_done(taken: set[tuple[int, int]], data: st.DataObject) -> None:
    done = data.draw(st.lists(st.sampled_from(sorted(taken)), unique=True)) if taken else []
    tenure = Tenure()
    tenure.take(
        (TopicPartition("alpha", partition), offset) for partition, offset in data.draw(st.permutations(list(taken)))
    )
    for partition, offset in done:
        tenure.finish(TopicPartition("alpha", partition), offset)
    for place, offset in tenure.offsets().items():
        mine = {o for p, o in taken if p == place.partition}
        undone = mine - {o for p, o in done if p == place.partition}
        assert offset == min(undone, default=max(mine) + 1)


def test_what_is_committed_is_not_committed_again() -> None:
    tenure = Tenure()
    tenure.take([(TopicPartition("alpha", 0), 7)])
    tenure.finish(TopicPartition("alpha", 0), 7)
    offsets = tenure.offsets()
    assert offsets == {TopicPartition("alpha", 0): 8}
    tenure.committed(offsets)
    assert tenure.offsets() == {}


def attempts(errors: Sequence[BaseException], pauses: Sequence[float] = PAUSES) -> int:
    """How many of `errors` a line takes before it is given up."""
    line = Line([])
    return next((number for number, error in enumerate(errors, 1) if not line.failed(error, pauses)), 0)


def test_a_failing_event_is_tried_again_as_often_as_there_are_pauses() -> None:
    assert attempts([ValueError()] * 10) == len(PAUSES) + 1


def test_an_outage_is_waited_for_without_an_end() -> None:
    line = Line([], since=float("-inf"))
    assert all(line.failed(ConnectionError(), PAUSES) for _ in range(10_000))


def test_outages_do_not_count_against_an_event() -> None:
    line = Line([])
    assert all(line.failed(ConnectionError(), PAUSES) for _ in range(100))
    assert [line.failed(ValueError(), PAUSES) for _ in range(4)] == [True, True, True, False]


def test_the_line_that_is_due_for_longest_comes_first() -> None:
    tenure = Tenure()
    tenure.lines = {"ada": Line([], due=3.0), "bob": Line([], due=1.0), "eve": Line([], due=float("inf"))}
    assert [key for key, _ in tenure.due()] == ["bob", "ada"]
    assert tenure.waiting_seconds >= 0

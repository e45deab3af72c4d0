"""How many users a shape wants at each moment."""

import pytest

from loadtests.shapes import RAMP_STEPS, SHAPES


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_it_has_users_from_the_first_moment_and_ends_by_itself(shape: object) -> None:
    assert isinstance(shape, type(SHAPES["steady"]))
    counts = [shape.users_at(float(second), users=40, seconds=100) for second in range(100)]
    assert all(count is not None and 1 <= count <= 40 for count in counts)
    assert max(count for count in counts if count is not None) == 40
    assert shape.users_at(100.0, users=40, seconds=100) is None


def test_without_an_end_it_goes_on() -> None:
    assert SHAPES["steady"].users_at(1e6, users=7, seconds=None) == 7


def test_on_sale_everybody_comes_at_once_and_leaves_slowly() -> None:
    shape = SHAPES["on-sale"]
    assert shape.users_at(19.9, users=100, seconds=100) == 15
    assert shape.users_at(20.1, users=100, seconds=100) == 100
    leaving = [shape.users_at(second, users=100, seconds=100) or 0 for second in (71.0, 80.0, 90.0, 99.0)]
    assert leaving == sorted(leaving, reverse=True)
    assert leaving[-1] >= 30


def test_a_ramp_has_equal_steps() -> None:
    counts = [SHAPES["ramp"].users_at(float(second), users=80, seconds=160) for second in range(160)]
    assert sorted(set(counts), key=lambda count: count or 0) == [10 * step for step in range(1, RAMP_STEPS + 1)]
    assert all(counts.count(count) == 20 for count in set(counts))

"""The search that the other tests of this folder stand on: it leaves out no order, and tries none twice."""

from collections.abc import Mapping, Sequence
from itertools import permutations

import pytest

from support.interleavings import Interleavings, Step

Threads = Mapping[str, Sequence[str]]
"""By name what each one does in turn: a step is the place that it touches."""


def walks(threads: Threads) -> list[tuple[str, ...]]:
    """The runs that come to an end, as the names of their steps."""
    found, search = [], Interleavings()
    for _ in search.runs():
        done = dict.fromkeys(threads, 0)

        def possible(done: dict[str, int] = done) -> list[Step]:
            return [
                Step(f"{name}{done[name]}", frozenset(steps[done[name]].split()))
                for name, steps in threads.items()
                if done[name] < len(steps)
            ]

        while step := search.choose(possible()):
            done[step.name[0]] += 1
        if not possible():
            found.append(tuple(search.path))
    return found


def seen(walk: Sequence[str], threads: Threads) -> frozenset[tuple[str, str]]:
    """Which of two steps came first, where it matters."""
    places = {
        f"{name}{number}": set(step.split()) for name, steps in threads.items() for number, step in enumerate(steps)
    }
    return frozenset(
        (one, other) for i, one in enumerate(walk) for other in walk[i + 1 :] if places[one] & places[other]
    )


CASES: dict[str, Threads] = {
    "nothing in common": {"a": ["x", "x"], "b": ["y"], "c": ["z", "z"]},
    "all in common": {"a": ["x", "x"], "b": ["x"], "c": ["x"]},
    "some in common": {"a": ["x", "y", "x"], "b": ["y"], "c": ["x y", "z"]},
    "a chain": {"a": ["w x"], "b": ["x y"], "c": ["y z"], "d": ["z w"]},
}


@pytest.mark.parametrize("case", CASES)
def test_every_order_that_matters_is_walked_once(case: str) -> None:
    threads = CASES[case]
    turns = [name for name, steps in threads.items() for _ in steps]
    every = set()
    for order in set(permutations(turns)):
        walk = [f"{name}{order[:place].count(name)}" for place, name in enumerate(order)]
        every.add(seen(walk, threads))
    walked = [seen(walk, threads) for walk in walks(threads)]
    assert len(walked) == len(set(walked))
    assert set(walked) == every

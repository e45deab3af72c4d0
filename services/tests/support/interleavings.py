"""Every order in which steps can be taken, once each: a search without a memory of states, so each run begins afresh.

Two steps without a place in common commute, so orders that differ only by such steps are one, and one of them is run
(sleep sets, Godefroid 1996).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Step:
    """Something that can happen now. After the same steps, the same thing has the same `name` in every run."""

    name: str
    places: frozenset[str]
    """What it reads or changes."""

    def commutes(self, other: "Step") -> bool:
        return self.places.isdisjoint(other.places)


@dataclass(slots=True)
class _Fork:
    """A moment of the run: the step that is taken, those that need not be tried, those that are yet to be."""

    taken: Step
    asleep: set[Step]
    left: list[Step]

    def next(self) -> None:
        self.asleep.add(self.taken)
        self.taken = self.left.pop(0)

    def asleep_after(self) -> set[Step]:
        return {each for each in self.asleep if each.commutes(self.taken)}


@dataclass(slots=True)
class Interleavings:
    """Leads runs through all orders. In each run `choose` is asked until it, or the run, has nothing more.

    >>> for _ in interleavings.runs():
    ...     while step := interleavings.choose(possible_steps()):
    ...         take(step)
    """

    _path: list[_Fork] = field(default_factory=list)
    _depth: int = 0

    @property
    def path(self) -> Sequence[str]:
        """The names of the steps of this run so far."""
        return [fork.taken.name for fork in self._path[: self._depth]]

    def runs(self) -> Iterator[None]:
        """One element for each run that is to be made."""
        while True:
            self._depth = 0
            yield
            del self._path[self._depth :]
            while self._path and not self._path[-1].left:
                self._path.pop()
            if not self._path:
                return
            self._path[-1].next()

    def choose(self, possible: Sequence[Step]) -> Step | None:
        """The step to take now; None when there is none, or when what follows has been seen by another order."""
        if self._depth == len(self._path):
            asleep = self._path[-1].asleep_after() if self._path else set()
            awake = [step for step in possible if step not in asleep]
            if not awake:
                return None
            self._path.append(_Fork(awake[0], asleep, awake[1:]))
        step = self._path[self._depth].taken
        if step not in possible:
            raise ValueError(f"{step.name} was possible before, and is not now: the steps are not repeatable")
        self._depth += 1
        return step

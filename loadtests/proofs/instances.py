"""Which process each instance of the app is, before and after something was done to them."""

from collections.abc import Mapping

from loadtests.proofs.stage import Stage

Born = Mapping[str, str]
"""The process behind each instance, by its name."""


async def born(stage: Stage) -> Born:
    return {name: f"{row.host} {row.pid}" for name, row in (await stage.rows("app")).items()}


def renewed(before: Born, after: Born) -> tuple[int, int]:
    """How many of the instances are new processes, of how many that there should be."""
    return len(set(after.values()) - set(before.values())), len(before)


def unchanged(before: Born, after: Born) -> tuple[int, int]:
    """How many of the instances are the processes that they were, of how many."""
    return sum(after.get(name) == process for name, process in before.items()), len(before)


def group_of(instance: str) -> str:
    """`orders` of `orders-2`."""
    return instance.rpartition("-")[0]

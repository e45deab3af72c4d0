"""Which process each instance of the app is, before and after something was done to them."""

from collections.abc import Mapping

from engines.tier import service_names
from loadtests.proofs.stage import Stage

Born = Mapping[str, str]
"""The process behind each instance, by its name."""


async def born(stage: Stage) -> Born:
    return {name: f"{row.host} {row.pid or name}" for name, row in (await stage.rows("app")).items()}


def renewed(before: Born, after: Born) -> tuple[int, int]:
    """How many of the instances are new processes, of how many that there should be."""
    return len(set(after.values()) - set(before.values())), len(before)


def unchanged(before: Born, after: Born) -> tuple[int, int]:
    """How many of the instances are the processes that they were, of how many."""
    return sum(after.get(name) == process for name, process in before.items()), len(before)


def service_of(instance: str) -> str:
    """`orders` of `orders-2`, and of `boxoffice-orders-86d7c-x2x7q`."""
    return next(name for name in service_names() if f"-{name}-" in f"-{instance}-")

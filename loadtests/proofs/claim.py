"""A claim: a module with a few names, or an object. It is run once, and judged by what was written down."""

from collections.abc import Sequence
from typing import Any, Protocol

from loadtests.proofs.exhibits import Exhibit
from loadtests.proofs.record import Record
from loadtests.proofs.stage import Stage
from loadtests.proofs.verdict import Verdict


class Claim(Protocol):
    """What `claims/<name>.py` has, or something in it."""

    @property
    def title(self) -> str:
        """What is claimed, as a sentence that can be wrong."""
        ...

    @property
    def promise(self) -> str:
        """Whose sentence that is: the number of a promise, or the row of a tier's table."""
        ...

    @property
    def method(self) -> str:
        """How it is measured and judged, for those who doubt: rules, windows, bounds."""
        ...

    async def run(self, stage: Stage) -> Record[Any]:
        """Do it to the tier of `stage`, and write down what happened."""
        ...

    def judge(self, record: Record[Any]) -> Verdict:
        """The verdict: of the record alone, the same whenever it is asked for."""
        ...

    def show(self, record: Record[Any]) -> Sequence[Exhibit]:
        """Pictures and tables for the report."""
        ...

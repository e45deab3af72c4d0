"""A bound on retries: where everything fails, calling twice would double the load just when there is too much."""


class RetryBudget:
    """`calls` calls earn one retry, so retries stay a small share of the calls.

    `reserve` retries are there from the start, for callers with little to do, and never more are saved up.
    """

    def __init__(self, *, calls: int = 10, reserve: int = 10) -> None:
        self._price = calls
        self._most = calls * reserve
        self._saved = self._most

    def earn(self) -> None:
        """A call was made."""
        self._saved = min(self._most, self._saved + 1)

    def spend(self) -> bool:
        """Take one retry; False when there is none."""
        if self._saved < self._price:
            return False
        self._saved -= self._price
        return True

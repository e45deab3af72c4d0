"""Retries are a share of the calls, so that a failure does not become a storm."""

from chassis.calls.retries import RetryBudget


def test_the_reserve_is_spent_and_then_calls_have_to_earn_retries() -> None:
    budget = RetryBudget(calls=10, reserve=2)
    assert [budget.spend() for _ in range(3)] == [True, True, False]
    for _ in range(9):
        budget.earn()
    assert not budget.spend()
    budget.earn()
    assert (budget.spend(), budget.spend()) == (True, False)


def test_when_everything_fails_retries_add_a_tenth() -> None:
    budget = RetryBudget(calls=10, reserve=10)
    retries = 0
    for _ in range(1000):
        budget.earn()
        retries += budget.spend()
    assert 100 <= retries <= 111


def test_a_quiet_time_does_not_save_up_for_a_storm() -> None:
    budget = RetryBudget(reserve=3)
    for _ in range(10_000):
        budget.earn()
    assert sum(budget.spend() for _ in range(100)) == 3

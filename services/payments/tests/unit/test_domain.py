"""What may become of a charge, whatever order the news comes in."""

from dataclasses import replace
from uuid import uuid4

import pytest

from payments.domain import (
    Answer,
    Captured,
    Charge,
    Declined,
    NoAnswer,
    Reversed,
    State,
    Throttle,
)

PAYMENT = uuid4()
PENDING = Charge(uuid4(), State.PENDING, amount=8500, currency="EUR", token="tok_visa")
REVERSING = replace(PENDING, state=State.REVERSING)


@pytest.mark.parametrize(
    ("charge", "answer", "state"),
    [
        (PENDING, Captured(PAYMENT), State.CAPTURED),
        (PENDING, Declined("card-declined"), State.DECLINED),
        (PENDING, NoAnswer("TimeoutError"), State.PENDING),
        (REVERSING, Reversed(PAYMENT), State.REFUNDED),
        (REVERSING, Reversed(None), State.VOIDED),
        (REVERSING, NoAnswer("TimeoutError"), State.REVERSING),
    ],
)
def test_an_answer_decides(charge: Charge, answer: Answer, state: State) -> None:
    assert charge.answered(answer).state is state


@pytest.mark.parametrize("state", [State.VOIDED, State.REVERSING, State.REFUNDED, State.DECLINED])
@pytest.mark.parametrize("answer", [Captured(PAYMENT), Declined("card-declined")])
def test_a_late_answer_changes_nothing(state: State, answer: Answer) -> None:
    charge = replace(PENDING, state=state)
    assert charge.answered(answer) == charge


def test_what_was_captured_or_declined_is_remembered() -> None:
    assert PENDING.answered(Captured(PAYMENT)).payment_id == PAYMENT
    assert PENDING.answered(Declined("card-declined")).reason == "card-declined"


@pytest.mark.parametrize("answer", [Captured(PAYMENT), Declined("card-declined")])
def test_the_token_is_forgotten_when_it_is_no_longer_needed(answer: Answer) -> None:
    assert PENDING.answered(answer).token is None
    assert PENDING.cancelled().token is None


@pytest.mark.parametrize(
    ("charge", "state"),
    [
        (PENDING, State.VOIDED),
        (replace(PENDING, attempts=1), State.REVERSING),
        (replace(PENDING, state=State.CAPTURED, payment_id=PAYMENT), State.REVERSING),
        (replace(PENDING, state=State.DECLINED), State.DECLINED),
        (replace(PENDING, state=State.VOIDED), State.VOIDED),
        (replace(PENDING, state=State.REFUNDED), State.REFUNDED),
        (REVERSING, State.REVERSING),
    ],
)
def test_a_cancellation_takes_back_what_may_have_been_taken(charge: Charge, state: State) -> None:
    assert charge.cancelled().state is state


def test_a_cancellation_twice_is_one() -> None:
    once = replace(PENDING, attempts=3).cancelled()
    assert once.cancelled() is once


def test_a_throttle_lets_through_what_it_is_set_to() -> None:
    now = [0.0]
    throttle = Throttle(5, lambda: now[0])
    passed = 0
    for _ in range(100):
        allowed = throttle.allowance(100)
        throttle.spend(allowed)
        passed += allowed
        now[0] += 0.1
    assert passed == pytest.approx(5 + 5 * 10, abs=1)


def test_a_slow_throttle_lets_one_through_in_the_end() -> None:
    now = [0.0]
    throttle = Throttle(0.5, lambda: now[0])
    throttle.spend(throttle.allowance(100))
    now[0] = 1.9
    assert throttle.allowance(100) == 0
    now[0] = 2.1
    assert throttle.allowance(100) == 1


def test_without_a_rate_everything_passes() -> None:
    assert Throttle(None, lambda: 0.0).allowance(1000) == 1000

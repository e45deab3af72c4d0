"""Customers are told plainly what happened."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest

from notifications import wording
from notifications.domain import Kind

ABOUT: dict[str, Any] = {"account_id": uuid4(), "order_id": uuid4(), "show": "Hamlet"}
EVENING = datetime(2026, 5, 1, 18, 30, tzinfo=UTC)


def test_a_confirmation_says_what_when_where_and_how_much() -> None:
    message = wording.confirmed(**ABOUT, starts_at=EVENING, seats=["A1", "A2"], paid="85.00 EUR")
    assert message.subject == "Your 2 tickets for Hamlet"
    for fact in ("Hamlet", "Friday, 1 May 2026, 18:30 UTC", "seats A1 and A2", "85.00 EUR"):
        assert fact in message.body


def test_one_ticket_is_singular() -> None:
    message = wording.confirmed(**ABOUT, starts_at=EVENING, seats=["A1"], paid="42.50 EUR")
    assert message.subject == "Your ticket for Hamlet"
    assert "seat A1." in message.body


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("card-declined", "Your bank did not accept the payment."),
        ("unknown-token", "not recognised"),
        ("something-new", "did not go through"),
    ],
)
def test_a_declined_order_says_why_and_that_nothing_was_charged(reason: str, says: str) -> None:
    message = wording.declined(**ABOUT, reason=reason)
    assert says in message.body
    assert "You were not charged" in message.body


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("customer", "You cancelled your order for Hamlet."),
        ("seats-lost", "somebody else has them now"),
        ("performance-cancelled", "The performance of Hamlet"),
        ("something-new", "Your order for Hamlet was cancelled."),
    ],
)
def test_a_cancelled_order_says_by_whose_doing(reason: str, says: str) -> None:
    assert says in wording.cancelled(**ABOUT, reason=reason).body


def test_a_refund_says_how_much() -> None:
    message = wording.refunded(**ABOUT, amount="85.00 EUR")
    assert message.kind is Kind.REFUNDED
    assert "paid back 85.00 EUR" in message.body


def test_braces_in_a_title_are_only_text() -> None:
    odd = ABOUT | {"show": "{show} {0} %s"}
    assert "{show} {0} %s" in wording.cancelled(**odd, reason="customer").body


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (4250, "EUR", "42.50 EUR"),
        (5, "USD", "0.05 USD"),
        (123456789, "EUR", "1,234,567.89 EUR"),
        (980, "JPY", "980 JPY"),
    ],
)
def test_money_has_the_digits_of_its_currency(amount: int, currency: str, text: str) -> None:
    assert wording.money(amount, currency) == text


def test_a_moment_is_told_in_utc() -> None:
    assert wording.moment(datetime(2026, 5, 2, 0, 30, tzinfo=timezone(timedelta(hours=2)))) == (
        "Friday, 1 May 2026, 22:30 UTC"
    )


def test_seats_are_listed_as_one_says_them() -> None:
    assert [wording.listed(seats) for seats in (["A1"], ["A1", "A2"], ["A1", "A2", "A3"])] == [
        "seat A1",
        "seats A1 and A2",
        "seats A1, A2 and A3",
    ]


def test_a_subject_is_one_line() -> None:
    message = wording.refunded(**(ABOUT | {"show": "Ham\r\nBcc: all@example.org\r\nlet"}), amount="1.00 EUR")
    assert "\n" not in message.subject
    assert "\r" not in message.subject

"""What customers are told, in plain words. Pure functions from facts to messages."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from notifications.domain import Contact, Kind, Message

MINOR_DIGITS = {"JPY": 0, "KRW": 0, "ISK": 0, "CLP": 0, "VND": 0, "BHD": 3, "JOD": 3, "KWD": 3, "OMR": 3, "TND": 3}
"""Digits after the point, for currencies that do not have two (ISO 4217)."""

DECLINED = {
    "card-declined": "Your bank did not accept the payment.",
    "unknown-token": "The means of payment was not recognised.",
}
CANCELLED = {
    "customer": "You cancelled your order for {show}.",
    "seats-lost": (
        "Your payment for {show} came after the time for which your seats were held, and somebody else has them now."
        " We are sorry."
    ),
    "performance-cancelled": "The performance of {show} that you ordered tickets for was cancelled. We are sorry.",
}


def welcome(contact: Contact) -> Message:
    return Message(
        account_id=contact.account_id,
        kind=Kind.WELCOME,
        subject="Welcome to Box Office",
        body="Your account is ready.\n\nTickets that you buy come to this address, and wait in your account too.",
    )


def confirmed(
    *, account_id: UUID | None, order_id: UUID, show: str, starts_at: datetime, seats: Sequence[str], paid: str
) -> Message:
    one = len(seats) == 1
    tickets = "ticket" if one else f"{len(seats)} tickets"
    return Message(
        account_id=account_id,
        kind=Kind.CONFIRMED,
        order_id=order_id,
        subject=f"Your {tickets} for {one_line(show)}",
        body=(
            f"Your order is confirmed: {one_line(show)}, {moment(starts_at)}, {listed(seats)}."
            f"\n\nYou paid {paid}."
            f"\n\nShow the {'code' if one else 'code of each ticket'} at the door, on paper or on your phone."
        ),
    )


def declined(*, account_id: UUID | None, order_id: UUID, show: str, reason: str) -> Message:
    why = DECLINED.get(reason, "The payment did not go through.")
    return Message(
        account_id=account_id,
        kind=Kind.DECLINED,
        order_id=order_id,
        subject=f"Your payment for {one_line(show)} was declined",
        body=f"{why} You were not charged, and your order for {one_line(show)} was not carried out."
        "\n\nThe seats are free again: you can order once more with another means of payment.",
    )


def cancelled(*, account_id: UUID | None, order_id: UUID, show: str, reason: str) -> Message:
    why = CANCELLED.get(reason, "Your order for {show} was cancelled.").format(show=one_line(show))
    return Message(
        account_id=account_id,
        kind=Kind.CANCELLED,
        order_id=order_id,
        subject=f"Your order for {one_line(show)} was cancelled",
        body=f"{why}\n\nTickets of this order are no longer valid. What you have paid goes back to you;"
        " we write again when it is on its way.",
    )


def refunded(*, account_id: UUID | None, order_id: UUID, show: str, amount: str) -> Message:
    return Message(
        account_id=account_id,
        kind=Kind.REFUNDED,
        order_id=order_id,
        subject=f"Your money for {one_line(show)} is on its way back",
        body=f"We have paid back {amount} for {one_line(show)}."
        "\n\nDepending on your bank it takes a few days until you see it.",
    )


def money(amount: int, currency: str) -> str:
    """`42.50 EUR` from minor units."""
    digits = MINOR_DIGITS.get(currency, 2)
    return f"{amount / 10**digits:,.{digits}f} {currency}"


def moment(when: datetime) -> str:
    """`Friday, 1 May 2026, 18:30 UTC`."""
    utc = when.astimezone(UTC)
    return f"{utc:%A}, {utc.day} {utc:%B %Y, %H:%M} UTC"


def listed(seats: Sequence[str]) -> str:
    """`seat A1`, `seats A1 and A2`, `seats A1, A2 and A3`."""
    if len(seats) == 1:
        return f"seat {seats[0]}"
    return f"seats {', '.join(seats[:-1])} and {seats[-1]}"


def one_line(text: str) -> str:
    """`text` without line breaks, which would be new lines of a mail's header."""
    return " ".join(text.split())

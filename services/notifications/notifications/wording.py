"""What customers are told, in plain words. Pure functions from facts to messages."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypedDict, Unpack
from uuid import UUID

from notifications.domain import Kind, Message

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


class Order(TypedDict):
    """The order that a message is about, and whose it is."""

    account_id: UUID | None
    order_id: UUID


def welcome(account_id: UUID) -> Message:
    return Message(
        account_id=account_id,
        kind=Kind.WELCOME,
        subject="Welcome to Box Office",
        body="An account was opened with this address. Tickets that it buys come here, and wait in the account too."
        "\n\nIf it was not you, do nothing.",
        link_id=account_id,
    )


def password_reset(account_id: UUID, reset_id: UUID) -> Message:
    return Message(
        account_id=account_id,
        kind=Kind.PASSWORD_RESET,
        subject="Set a new password",
        body="Somebody asked to set a new password for your account. If it was not you, do nothing: it stays as it is.",
        link_id=reset_id,
    )


def password_changed(account_id: UUID, change_id: UUID) -> Message:
    return Message(
        account_id=account_id,
        kind=Kind.PASSWORD_CHANGED,
        subject="Your password was changed",
        body="The password of your account was changed, and all other sessions have ended."
        "\n\nIf it was not you, set a new one at once: choose “Forgot your password?” where you sign in.",
        link_id=change_id,
    )


def confirmed(*, show: str, starts_at: datetime, seats: Sequence[str], paid: str, **order: Unpack[Order]) -> Message:
    show = one_line(show)
    one = len(seats) == 1
    tickets = "ticket" if one else f"{len(seats)} tickets"
    return Message(
        **order,
        kind=Kind.CONFIRMED,
        subject=f"Your {tickets} for {show}",
        body=f"Your order is confirmed: {show}, {moment(starts_at)}, {listed(seats)}."
        f"\n\nYou paid {paid}."
        f"\n\nShow the {'code' if one else 'code of each ticket'} at the door, on paper or on your phone.",
    )


def declined(*, show: str, reason: str, **order: Unpack[Order]) -> Message:
    show = one_line(show)
    why = DECLINED.get(reason, "The payment did not go through.")
    return Message(
        **order,
        kind=Kind.DECLINED,
        subject=f"Your payment for {show} was declined",
        body=f"{why} You were not charged, and your order for {show} was not carried out."
        "\n\nThe seats are free again: you can order once more with another means of payment.",
    )


def cancelled(*, show: str, reason: str, **order: Unpack[Order]) -> Message:
    show = one_line(show)
    why = CANCELLED.get(reason, "Your order for {show} was cancelled.").format(show=show)
    return Message(
        **order,
        kind=Kind.CANCELLED,
        subject=f"Your order for {show} was cancelled",
        body=f"{why}\n\nTickets of this order are no longer valid. What you have paid goes back to you;"
        " we write again when it is on its way.",
    )


def refunded(*, show: str, amount: str, **order: Unpack[Order]) -> Message:
    show = one_line(show)
    return Message(
        **order,
        kind=Kind.REFUNDED,
        subject=f"Your money for {show} is on its way back",
        body=f"We have paid back {amount} for {show}.\n\nDepending on your bank it takes a few days until you see it.",
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

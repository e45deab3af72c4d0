"""The code of a ticket proves itself, and nothing else passes for one."""

from uuid import UUID, uuid4

import pytest

from notifications.domain import Kind, message_id, ticket_code, verified_ticket

KEY = bytes(range(32))
TICKET = UUID("0190a5c0-0000-7000-8000-000000000003")
PERFORMANCE = UUID("0190a5c0-0000-7000-8000-000000000004")
CODE = ticket_code(KEY, TICKET, PERFORMANCE)


def test_a_code_is_verified_at_the_door() -> None:
    assert verified_ticket(KEY, CODE, PERFORMANCE) == TICKET


def test_a_code_opens_no_other_door() -> None:
    assert verified_ticket(KEY, CODE, uuid4()) is None


def test_a_code_signed_with_another_key_is_worth_nothing() -> None:
    assert verified_ticket(bytes(32), CODE, PERFORMANCE) is None


@pytest.mark.parametrize("position", range(len(CODE)))
def test_any_change_is_noticed(position: int) -> None:
    other = "A" if CODE[position] != "A" else "B"
    assert verified_ticket(KEY, CODE[:position] + other + CODE[position + 1 :], PERFORMANCE) is None


@pytest.mark.parametrize(
    "code", ["", "BO", CODE[:-1], CODE + "A", CODE + "=", CODE[2:], CODE.lower(), "BO" + "=" * 42, "BÖ" + "A" * 42]
)
def test_what_is_no_code_is_refused(code: str) -> None:
    assert verified_ticket(KEY, code, PERFORMANCE) is None


def test_a_code_fits_the_densest_mode_of_a_qr_code() -> None:
    assert set(CODE) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert len(CODE) == 44


def test_the_same_news_is_the_same_message() -> None:
    order = UUID("0190a5c0-0000-7000-8000-000000000001")
    assert message_id(Kind.CONFIRMED, order) == message_id(Kind.CONFIRMED, order)
    assert message_id(Kind.CONFIRMED, order) != message_id(Kind.REFUNDED, order)
    assert message_id(Kind.CONFIRMED, order) != message_id(Kind.CONFIRMED, uuid4())

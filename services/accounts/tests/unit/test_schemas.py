"""What a registration may look like."""

from typing import Any

import pytest
from pydantic import ValidationError

from accounts.schemas import Credentials, Registration

GOOD: dict[str, Any] = {
    "email": "Ann@Example.com",
    "password": "correct horse",
    "name": "  Ann Ångström ",
    "country": "de",
}


def test_input_is_brought_to_its_normal_form() -> None:
    registration = Registration.model_validate(GOOD)
    assert registration.model_dump() == {
        "email": "ann@example.com",
        "password": "correct horse",
        "name": "Ann Ångström",
        "country": "DE",
    }


@pytest.mark.parametrize("length", [10, 200])
def test_passwords_of_10_to_200_characters_are_fine(length: int) -> None:
    assert Registration.model_validate(GOOD | {"password": "ä" * length})


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "ann"},
        {"email": "a\x00nn@example.com"},
        {"email": "a" * 320 + "@example.com"},
        {"email": None},
        {"email": ["ann@example.com"]},
        {"password": "x" * 9},
        {"password": "x" * 201},
        {"password": 1234567890},
        {"password": "\ud800" * 10},
        {"name": "   "},
        {"name": "x" * 201},
        {"name": "An\x00n"},
        {"name": "Ann\r\nBcc: bob@example.com"},
        {"name": "\ud800"},
        {"country": "XX"},
        {"country": "DEU"},
        {"country": "d\x00"},
        {"country": "ß"},
        {"roles": ["organiser"]},
    ],
)
def test_anything_else_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Registration.model_validate(GOOD | wrong)


@pytest.mark.parametrize("missing", GOOD)
def test_every_member_is_needed(missing: str) -> None:
    with pytest.raises(ValidationError):
        Registration.model_validate({name: value for name, value in GOOD.items() if name != missing})


def test_signing_in_takes_any_text_for_an_address() -> None:
    assert Credentials.model_validate({"email": "not an address\x00", "password": ""})

"""No event class can hold a person: whatever is not known to be harmless does not load."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

import pytest
from pydantic import (
    AnyUrl,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    NameEmail,
    PlainSerializer,
    PydanticUserError,
    SecretStr,
    computed_field,
    create_model,
)
from typing_extensions import TypedDict  # pydantic wants this one before Python 3.12

from chassis.messaging.events import Event
from chassis.messaging.personal import PERSONAL, PUBLIC, PublicText, Slug


class Colour(StrEnum):
    RED = "red"


class Money(BaseModel):
    amount: int
    currency: PublicText


class Branch(BaseModel):
    name: PublicText
    branches: list["Branch"] = []


class Contact(BaseModel):
    id: UUID
    email: EmailStr


class Nested(BaseModel):
    inner: dict[UUID, list[Contact]]


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")


class Typed(TypedDict):
    email: str


class Pair(NamedTuple):
    id: UUID
    phone: str


@dataclass
class Data:
    email: str


Email = Annotated[EmailStr, PERSONAL]

HARMLESS: list[Any] = [
    *(UUID, int, float, bool, datetime, date, timedelta, Colour, Literal["a", "b"], Money, Branch, PublicText, Slug),
    *(UUID | None, list[PublicText], tuple[PublicText, ...], dict[UUID, Money], dict[Slug, int], frozenset[UUID]),
]
PERSONS: list[Any] = [
    *(str, bytes, Any, object, EmailStr, NameEmail, SecretStr, AnyUrl, IPv4Address, Path, dict, list, Email),
    *(
        str | None,
        EmailStr | None,
        list[str],
        tuple[UUID, str],
        set[EmailStr],
        dict[str, int],
        dict[UUID, str],
        dict[UUID, Any],
    ),
    *(Contact, Nested, Open, Typed, Pair, Data, UUID | Contact, list[dict[UUID, Contact]]),
    *(
        Annotated[str, PUBLIC, PERSONAL],
        Annotated[Email, PUBLIC],
        Annotated[Contact, PUBLIC],
        Annotated[UUID, PERSONAL],
    ),
    *(Annotated[str, Field(max_length=10)], Literal["a"] | str, Annotated[UUID, PlainSerializer(str, return_type=str)]),
]


def event(kind: Any, member: str = "member") -> type[Event]:
    members: Any = {member: (kind, ...)}
    told: type[Event] = create_model("Told", __base__=Event, **members)
    return told


@pytest.mark.parametrize("kind", HARMLESS, ids=str)
def test_what_is_harmless_is_taken(kind: Any) -> None:
    assert "member" in event(kind).model_fields


@pytest.mark.parametrize("kind", PERSONS, ids=str)
def test_what_could_be_a_person_does_not_load(kind: Any) -> None:
    with pytest.raises(TypeError, match=r"Told.*member"):
        event(kind)


@pytest.mark.parametrize("name", ["email", "home_address", "payment_token", "PHONE", "ip"])
def test_a_public_text_is_not_called_like_a_person(name: str) -> None:
    with pytest.raises(TypeError, match=name):
        event(PublicText, name)


def test_what_is_computed_counts_too() -> None:
    with pytest.raises(TypeError, match="greeting"):

        class Told(Event, topic="topic", type="type", key="id"):
            id: UUID

            @computed_field  # type: ignore[prop-decorator]
            @property
            def greeting(self) -> str:
                return "Hello"


def test_members_of_any_name_do_not_load() -> None:
    with pytest.raises(TypeError, match=r"\{\}: text"):

        class Told(Event, topic="topic", type="type", key="id"):
            model_config = ConfigDict(extra="allow")
            id: UUID


def test_a_base_without_a_topic_is_looked_at_too() -> None:
    with pytest.raises(TypeError, match="name"):

        class About(Event):
            name: str


def test_a_type_that_is_not_there_yet_does_not_slip_through() -> None:
    with pytest.raises(PydanticUserError, match="Told"):
        event("Later")

"""The HTTP models of accounts."""

import unicodedata
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from accounts.domain import Account, normalise_email
from accounts.jurisdictions import home_jurisdiction
from chassis.sessions import Session


def _without_controls(text: str) -> str:
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise ValueError("contains control characters")
    return text


def _country(code: str) -> str:
    home_jurisdiction(code)
    return code


Email = Annotated[str, Field(max_length=320), AfterValidator(normalise_email)]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_without_controls)
]
NewPassword = Annotated[str, Field(min_length=10, max_length=200)]
Country = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_upper=True, min_length=2, max_length=2),
    AfterValidator(_country),
]


class Registration(BaseModel):
    """Body of `POST /api/accounts`; the country is ISO 3166-1 alpha-2."""

    model_config = ConfigDict(extra="forbid")

    email: Email
    password: NewPassword
    name: Name
    country: Country


class Credentials(BaseModel):
    """Body of `POST /api/sessions`."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[str, Field(max_length=320)]
    password: Annotated[str, Field(max_length=200)]


class AccountView(BaseModel):
    """An account as its owner sees it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    name: str
    country: str
    jurisdiction: str
    roles: tuple[str, ...]
    created_at: datetime

    @classmethod
    def of(cls, account: Account) -> "AccountView":
        return cls.model_validate(account)


class SessionView(BaseModel):
    """A session as its owner sees it; `id` tells sessions apart and opens none."""

    id: str
    account_id: UUID
    roles: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    user_agent: str
    remote: str
    current: bool

    @classmethod
    def of(cls, session: Session, *, current_key: str) -> "SessionView":
        members: dict[str, Any] = {name: getattr(session, name) for name in cls.model_fields if name != "current"}
        return cls(current=session.key == current_key, **members)

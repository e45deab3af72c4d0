"""The HTTP models of accounts."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from accounts.domain import Account, normalise_email
from accounts.strength import LONGEST, SHORTEST
from chassis.auth import Session
from chassis.http import Country, Id, Input, Opaque, Text, VisibleText


def _code(value: Any) -> Any:
    return value.strip().upper() if isinstance(value, str) and value.isascii() else value


Email = Annotated[Text, Field(max_length=320, json_schema_extra={"format": "email"}), AfterValidator(normalise_email)]
Name = Annotated[VisibleText, Field(max_length=200)]
NewPassword = Annotated[Opaque, Field(min_length=SHORTEST, max_length=LONGEST)]
Home = Annotated[Country, BeforeValidator(_code)]
"""A country as people write its code: in any case, with blanks around it."""


KnownPassword = Annotated[Opaque, Field(max_length=200)]


class Registration(Input):
    """Body of `POST /api/accounts`; the country is ISO 3166-1 alpha-2."""

    email: Email
    password: NewPassword
    name: Name
    country: Home


class Credentials(Input):
    """Body of `POST /api/sessions`."""

    email: Annotated[Opaque, Field(max_length=320)]
    password: KnownPassword


class NewPasswords(Input):
    """Body of `PUT /api/accounts/me/password`."""

    old: KnownPassword
    new: NewPassword


class ResetWanted(Input):
    """Body of `POST /api/password-resets`: the address of an account, or any other text."""

    email: Annotated[Opaque, Field(max_length=320)]


class ResetPassword(Input):
    """Body of `PUT /api/password-resets/{token}`."""

    password: NewPassword


class Confirmation(Input):
    """Body of `POST /api/confirmations`: the token of a mail."""

    token: Annotated[Opaque, Field(max_length=100)]


class Erasure(Input):
    """Body of `DELETE /api/accounts/me`."""

    password: KnownPassword


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
    confirmed: bool
    """Whether the owner has shown to read mails at the address."""

    @classmethod
    def of(cls, account: Account) -> "AccountView":
        return cls.model_validate(account)


class Ids(Input):
    """Body of `POST /internal/people` and `POST /internal/mail-tokens`."""

    ids: Annotated[list[Id], Field(max_length=500)]


class Person(BaseModel):
    """Who an account is, for a service that writes to it. `confirmed`: the address is known to be theirs."""

    id: UUID
    email: str
    name: str
    confirmed: bool

    @classmethod
    def of(cls, account: Account) -> "Person":
        return cls(id=account.id, email=account.email, name=account.name, confirmed=account.confirmed)


class People(BaseModel):
    """The answer of `POST /internal/people`."""

    items: list[Person]


class MailToken(BaseModel):
    """The secret part of a link in a mail, and the reset or account that it is for."""

    id: UUID
    token: str


class MailTokens(BaseModel):
    """The answer of `POST /internal/mail-tokens`."""

    items: list[MailToken]


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

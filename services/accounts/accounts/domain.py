"""What an account is: an e-mail address that is unique however it is written, a home jurisdiction, roles."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from email_validator import EmailNotValidError, validate_email

from accounts.jurisdictions import home_jurisdiction

ORGANISER = "organiser"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A customer or organiser. `password_hash` is argon2id in PHC form."""

    id: UUID
    email: str
    name: str
    country: str
    jurisdiction: str
    roles: tuple[str, ...]
    password_hash: str
    created_at: datetime
    confirmed_at: datetime | None = None
    """When the owner showed to read mails at the address; None: it may be anybody's."""
    password_version: int = 0
    """Counts changes of the password; links that were sent before one are worthless."""

    @property
    def confirmed(self) -> bool:
        return self.confirmed_at is not None


def open_account(
    *,
    id: UUID,
    email: str,
    name: str,
    country: str,
    password_hash: str,
    now: datetime,
    roles: tuple[str, ...] = (),
) -> Account:
    """A new account at home in the jurisdiction of its country. Raises ValueError for a bad address or country."""
    return Account(
        id=id,
        email=normalise_email(email),
        name=name,
        country=country,
        jurisdiction=home_jurisdiction(country),
        roles=roles,
        password_hash=password_hash,
        created_at=now,
    )


def normalise_email(address: str) -> str:
    """The one spelling of an address: lower case, Unicode NFC, domain in Unicode. Raises ValueError when it is none.

    Strictly the part before the @ may tell cases apart; no provider does, and people do not know how they wrote it.
    """
    try:
        valid = validate_email(address.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(str(error)) from error
    return valid.normalized.lower()

"""What accounts publishes."""

from typing import ClassVar
from uuid import UUID

from chassis.events import Event


class AccountRegistered(Event, topic="accounts", type="account.registered", key="account_id"):
    """A new customer. `personal` names the members that erasure blanks in the log."""

    personal: ClassVar[tuple[str, ...]] = ("email", "name")

    account_id: UUID
    email: str
    name: str
    jurisdiction: str


class AccountErased(Event, topic="accounts", type="account.erased", key="account_id"):
    """The customer is gone: whoever keeps personal data of this account deletes it."""

    account_id: UUID

"""What accounts publishes."""

from uuid import UUID

from chassis.events import Event
from chassis.personal import Slug


class AccountRegistered(Event, topic="accounts", type="account.registered", key="account_id"):
    """A new customer. Who it is knows `POST /internal/people`, as long as the account is there."""

    account_id: UUID
    jurisdiction: Slug


class AccountErased(Event, topic="accounts", type="account.erased", key="account_id"):
    """The customer is gone: whoever keeps personal data of this account deletes it."""

    account_id: UUID

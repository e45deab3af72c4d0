"""What accounts publishes."""

from uuid import UUID

from chassis.messaging import Event, Slug


class AccountRegistered(Event, topic="accounts", type="account.registered", key="account_id"):
    """A new customer. Who it is knows `POST /internal/people`, as long as the account is there."""

    account_id: UUID
    jurisdiction: Slug


class AccountErased(Event, topic="accounts", type="account.erased", key="account_id"):
    """The customer is gone: whoever keeps personal data of this account deletes it."""

    account_id: UUID


class PasswordResetRequested(Event, topic="accounts", type="account.password-reset-requested", key="account_id"):
    """Somebody wants to set a new password: its owner gets a link, which `POST /internal/mail-tokens` knows."""

    account_id: UUID
    reset_id: UUID


class PasswordChanged(Event, topic="accounts", type="account.password-changed", key="account_id"):
    """The password is another now. `change_id` tells changes apart."""

    account_id: UUID
    change_id: UUID

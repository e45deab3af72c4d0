"""One sample of every event that accounts publishes, for those who consume them."""

from uuid import UUID

from accounts.events import AccountErased, AccountRegistered, PasswordChanged, PasswordResetRequested
from chassis.messaging import Event

ACCOUNT = UUID("0197a1b2-0000-7000-8000-000000000002")
LINK = UUID("0197a1b2-0000-7000-8000-000000000012")

SAMPLES: list[Event] = [
    AccountRegistered(account_id=ACCOUNT, jurisdiction="eu"),
    PasswordResetRequested(account_id=ACCOUNT, reset_id=LINK),
    PasswordChanged(account_id=ACCOUNT, change_id=LINK),
    AccountErased(account_id=ACCOUNT),
]

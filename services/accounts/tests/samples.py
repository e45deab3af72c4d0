"""One sample of every event that accounts publishes, for those who consume them."""

from uuid import UUID

from accounts.events import AccountErased, AccountRegistered
from chassis.events import Event

ACCOUNT = UUID("0197a1b2-0000-7000-8000-000000000002")

SAMPLES: list[Event] = [
    AccountRegistered(account_id=ACCOUNT, jurisdiction="eu"),
    AccountErased(account_id=ACCOUNT),
]

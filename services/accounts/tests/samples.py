"""One sample of every event that accounts publishes, for those who consume them."""

from uuid import UUID

from accounts.events import AccountErased, AccountRegistered
from chassis.events import Event

ACCOUNT = UUID("0197a1b2-0000-7000-8000-000000000002")

REGISTERED = AccountRegistered(account_id=ACCOUNT, email="ann@example.com", name="Ann Ångström", jurisdiction="eu")
BLANKED = AccountRegistered(account_id=ACCOUNT, email="", name="", jurisdiction="eu")
"""The same event sent again after the erasure."""

SAMPLES: list[Event] = [REGISTERED, BLANKED, AccountErased(account_id=ACCOUNT)]

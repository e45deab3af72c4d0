"""Accounts: the composition root."""

from accounts import api
from accounts.seed import seed
from accounts.settings import Settings
from chassis.service import create_service

service = create_service(
    "accounts",
    paths=[
        "/api/accounts",
        "/api/sessions",
        "/api/password-resets",
        "/api/confirmations",
        "/internal/people",
        "/internal/mail-tokens",
    ],
    callers=["notifications"],
    routers=[api.router, api.internal],
    settings=Settings,
    seed=seed,
)

"""Accounts: the composition root."""

from accounts import api
from accounts.seed import seed
from accounts.settings import Settings
from chassis.app import create_service

service = create_service(
    "accounts",
    paths=["/api/accounts", "/api/sessions"],
    routers=[api.router],
    settings=Settings,
    seed=seed,
)

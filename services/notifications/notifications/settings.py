"""Settings of notifications, from `NOTIFICATIONS_*` in the environment. The key of the tickets is in Vault instead."""

from typing import Annotated

from fastapi import Depends
from pydantic_settings import SettingsConfigDict

from chassis import service
from chassis.settings import PositiveCount, PositiveSeconds, Rate, ServiceSettings


class NotificationsSettings(ServiceSettings):
    """How mail goes out. Durations are seconds. Where the mail server is (`SMTP_URL`) is a setting of the process."""

    model_config = SettingsConfigDict(env_prefix="NOTIFICATIONS_")

    sender: str = "Box Office <tickets@boxoffice.test>"
    shop_url: str = ""
    """Where customers find the shop, such as `https://shop.example`: mails link there. Without it they tell a code."""
    unconfirmed_mails_per_day: PositiveCount = 20
    """Mails to an address that its owner has not confirmed; more are dropped, and wait in the account's inbox."""
    mails_per_second: Rate = 20.0
    """Per instance. Mail servers limit their clients, and selling comes before telling."""
    batch: PositiveCount = 20
    """Mails sent over one connection before they are recorded: at most so many go twice after a crash."""
    smtp_seconds: PositiveSeconds = 10.0
    """How long the mail server may take for each of its answers."""
    lease_seconds: PositiveSeconds = 120.0
    """After this long without a record, who took a mail counts as dead and another sends it."""
    attempts: PositiveCount = 10
    """How often a mail that the server puts off is tried, with growing pauses: ten times take about half an hour."""


Runtime = service.Runtime[NotificationsSettings]
"""What notifications works with."""
RuntimeDep = Annotated[Runtime, Depends(service.given_runtime)]

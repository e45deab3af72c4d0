"""Settings of notifications, from `NOTIFICATIONS_*` in the environment. The key of the tickets is in Vault instead."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings


class NotificationsSettings(ServiceSettings):
    """How mail goes out. Durations are seconds. Where the mail server is (`SMTP_URL`) is a setting of the process."""

    model_config = SettingsConfigDict(env_prefix="NOTIFICATIONS_")

    sender: str = "Box Office <tickets@boxoffice.test>"
    mails_per_second: float = Field(default=20.0, gt=0)
    """Per instance. Mail servers limit their clients, and selling comes before telling."""
    batch: int = Field(default=20, ge=1)
    """Mails sent over one connection before they are recorded: at most so many go twice after a crash."""
    smtp_seconds: float = Field(default=10.0, gt=0)
    """How long the mail server may take for each of its answers."""
    lease_seconds: float = Field(default=120.0, gt=0)
    """After this long without a record, who took a mail counts as dead and another sends it."""
    attempts: int = Field(default=10, ge=1)
    """How often a mail that the server puts off is tried, with growing pauses: ten times take about half an hour."""

"""Seats' own settings."""

from pydantic_settings import SettingsConfigDict

from chassis.settings import PositiveSeconds, ServiceSettings


class SeatsSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="SEATS_", frozen=True, extra="ignore", env_ignore_empty=True)

    hold_seconds: PositiveSeconds = 480.0
    """How long a hold keeps its seats."""
    sweep_seconds: PositiveSeconds = 2.0
    """How often expired claims are looked for; only how soon a page shows them as available depends on it."""

"""Seats' own settings."""

from typing import Annotated

from fastapi import Depends
from pydantic_settings import SettingsConfigDict

from chassis import service
from chassis.settings import PositiveCount, PositiveSeconds, ServiceSettings


class SeatsSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="SEATS_", frozen=True, extra="ignore", env_ignore_empty=True)

    hold_seconds: PositiveSeconds = 480.0
    """How long a hold keeps its seats."""
    max_open_seats: PositiveCount = 16
    """Seats that an account may hold at a time, in all performances together: two full holds. Those of an order count
    until it is paid, so that cards which are declined block no house either."""
    sweep_seconds: PositiveSeconds = 2.0
    """How often expired claims are looked for; only how soon a page shows them as available depends on it."""


Runtime = service.Runtime[SeatsSettings]
"""What seats works with."""
RuntimeDep = Annotated[Runtime, Depends(service.given_runtime)]

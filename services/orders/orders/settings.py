"""The settings of orders."""

from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings


class OrdersSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="ORDERS_", frozen=True, extra="ignore", env_ignore_empty=True)

    hold_call_seconds: float = 1.5
    """How long placing an order waits for the answer of seats."""

"""Settings of payments, from `PAYMENTS_*` in the environment. The provider's API key is none: it is in Vault."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings


class PaymentsSettings(ServiceSettings):
    """How fast and how patiently this instance works. Durations are seconds."""

    model_config = SettingsConfigDict(env_prefix="PAYMENTS_")

    concurrency: int = Field(default=128, ge=1)
    """Calls under way at the provider at the same time."""
    batch: int = Field(default=100, ge=1)
    """Charges taken in one round, at most."""
    max_per_second: float | None = Field(default=None, gt=0)
    """Charges begun in a second, at most; unset: as many as come."""
    round_seconds: float = Field(default=0.05, ge=0)
    """Pause between rounds: a little waiting makes batches, and batches make a charge cheap."""
    provider_seconds: float = Field(default=8.0, gt=0)
    """How long the provider may take to answer."""
    lease_seconds: float = Field(default=12.0, gt=0)
    """After this long without a recorded answer, who took a charge counts as dead and another asks again."""

"""Settings of payments, from `PAYMENTS_*` in the environment. The provider's API key is none: it is in Vault."""

from pydantic_settings import SettingsConfigDict

from chassis import service
from chassis.settings import PositiveCount, PositiveSeconds, Rate, Seconds, ServiceSettings


class PaymentsSettings(ServiceSettings):
    """How fast and how patiently this instance works. Durations are seconds."""

    model_config = SettingsConfigDict(env_prefix="PAYMENTS_")

    concurrency: PositiveCount = 128
    """Calls under way at the provider at the same time."""
    batch: PositiveCount = 100
    """Charges taken in one round, at most."""
    max_per_second: Rate | None = None
    """Charges begun in a second, at most; unset: as many as come."""
    round_seconds: Seconds = 0.05
    """Pause between rounds: a little waiting makes batches, and batches make a charge cheap."""
    provider_seconds: PositiveSeconds = 8.0
    """How long the provider may take to answer."""
    lease_seconds: PositiveSeconds = 12.0
    """After this long without a recorded answer, who took a charge counts as dead and another asks again."""


Runtime = service.Runtime[PaymentsSettings]
"""What payments works with."""

"""Settings of accounts: what a password costs, how fast a wrong one may be tried, how often an account be opened."""

from typing import Annotated

from fastapi import Depends
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from chassis import service
from chassis.cpus import usable_cpus
from chassis.settings import PositiveCount, PositiveSeconds, ServiceSettings

SECRETS = "services/accounts"
"""Where Vault has the secrets of accounts."""


class Settings(ServiceSettings):
    """The cost of argon2id is OWASP's minimum: some 30 ms of one core and 19 MiB for each password."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, env_prefix="ACCOUNTS_")

    password_memory_kib: PositiveCount = 19 * 1024
    password_rounds: PositiveCount = 2
    password_lanes: PositiveCount = 1
    concurrent_hashes: PositiveCount = Field(default_factory=lambda: max(1, usable_cpus() // 2))
    """Passwords hashed at once in one process; half of the CPUs that it may use, so that other requests go on."""

    guess_window_seconds: PositiveCount = 3600
    """For how long wrong passwords for an account count."""
    failures_per_email: PositiveCount = 8
    """Wrong passwords for one account from one place, or from one known device, before the next ones have to wait."""
    most_failures_per_email: PositiveCount = 100
    """Wrong passwords for one account from one place before that place is refused; known devices are not."""
    failures_per_account: PositiveCount = 100
    """Wrong passwords for one account from all places before all but known devices have to wait."""
    most_failures_per_account: PositiveCount = 1000
    """Wrong passwords for one account from all places before all but known devices are refused."""
    place_window_seconds: PositiveCount = 300
    """For how long wrong passwords from a place count."""
    failures_per_address: PositiveCount = 100
    """Wrong passwords from one place for any account before the next ones from there have to wait."""
    longest_pause_seconds: PositiveSeconds = 4.0

    registration_window_seconds: PositiveCount = 600
    registrations_per_address: PositiveCount = 20
    registrations_per_organiser: PositiveCount = 5000
    """Accounts that a signed-in organiser opens for others, in place of the quota of the place."""
    registrations_per_email: PositiveCount = 3
    """Accounts opened with one e-mail address in a day, erased ones too: each sends a mail there."""

    reset_seconds: PositiveCount = 1800
    """For how long the link of a mail sets a new password."""
    resets_per_address: PositiveCount = 20
    """Resets that a place asks for in an hour, and wrong links that it may show."""
    resets_per_email: PositiveCount = 3
    """Mails for a reset to one e-mail address in an hour."""


Runtime = service.Runtime[Settings]
"""What accounts works with."""
RuntimeDep = Annotated[Runtime, Depends(service.given_runtime)]

"""Settings of accounts: what a password costs, and how often a wrong one may be tried."""

from typing import cast

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from chassis.cpus import usable_cpus
from chassis.runtime import Runtime
from chassis.settings import PositiveCount, ServiceSettings


class Settings(ServiceSettings):
    """The cost of argon2id is OWASP's minimum: some 30 ms of one core and 19 MiB for each password."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, env_prefix="ACCOUNTS_")

    password_memory_kib: PositiveCount = 19 * 1024
    password_rounds: PositiveCount = 2
    password_lanes: PositiveCount = 1
    concurrent_hashes: PositiveCount = Field(default_factory=lambda: max(1, usable_cpus() // 2))
    """Passwords hashed at once in one process; half of the CPUs that it may use, so that other requests go on."""

    sign_in_window_seconds: PositiveCount = 300
    failures_per_email: PositiveCount = 8
    failures_per_address: PositiveCount = 100


def settings_of(runtime: Runtime) -> Settings:
    """The settings of accounts, with which its process made the runtime."""
    return cast("Settings", runtime.config)

"""Catalog's own settings."""

from pydantic_settings import SettingsConfigDict

from chassis.settings import Seconds, ServiceSettings


class CatalogSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="CATALOG_", frozen=True, extra="ignore", env_ignore_empty=True)

    cache_seconds: Seconds = 2.0
    """How long a page is served from memory; another instance's changes show after at most this long."""

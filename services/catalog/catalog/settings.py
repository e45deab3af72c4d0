"""Catalog's own settings."""

from typing import Annotated

from fastapi import Depends
from pydantic_settings import SettingsConfigDict

from chassis import service
from chassis.settings import Seconds, ServiceSettings


class CatalogSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="CATALOG_", frozen=True, extra="ignore", env_ignore_empty=True)

    cache_seconds: Seconds = 2.0
    """How long a page is served from memory; another instance's changes show after at most this long."""


Runtime = service.Runtime[CatalogSettings]
"""What catalog works with."""
RuntimeDep = Annotated[Runtime, Depends(service.given_runtime)]

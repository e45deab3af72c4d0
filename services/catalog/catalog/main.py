"""Catalog's composition root."""

from catalog.api import organisers, router
from catalog.consumers import subscriptions
from catalog.seed import seed
from catalog.settings import CatalogSettings
from chassis.app import create_service

service = create_service(
    "catalog",
    paths=["/api/shows", "/api/venues", "/api/performances"],
    routers=[router, organisers],
    settings=CatalogSettings,
    subscriptions=subscriptions,
    seed=seed,
)

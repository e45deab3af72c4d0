"""Catalog's composition root."""

from catalog.api import organisers, router
from catalog.consumers import subscriptions
from catalog.pages import ORGANISER
from catalog.seed import seed
from catalog.settings import CatalogSettings
from chassis.fleet import backstage
from chassis.service import create_service

service = create_service(
    "catalog",
    paths=["/api/shows", "/api/venues", "/api/performances", "/api/backstage"],
    routers=[router, organisers, backstage(ORGANISER)],
    settings=CatalogSettings,
    subscriptions=subscriptions,
    seed=seed,
)

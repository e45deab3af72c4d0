"""Catalog's composition root."""

from catalog.api import organisers, router
from catalog.consumers import subscriptions
from catalog.pages import ORGANISER
from catalog.seed import seed
from catalog.settings import CatalogSettings
from chassis.app import create_service
from chassis.backstage import backstage

service = create_service(
    "catalog",
    paths=["/api/shows", "/api/venues", "/api/performances", "/api/backstage"],
    routers=[router, organisers, backstage(ORGANISER)],
    settings=CatalogSettings,
    subscriptions=subscriptions,
    seed=seed,
)

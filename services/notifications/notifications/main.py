"""Notifications as data: its HTTP interface, what it hears and what it works on."""

from chassis.service import create_service
from chassis.work import Worker
from notifications.api import router
from notifications.consumers import subscriptions
from notifications.mailer import mailer_of
from notifications.settings import NotificationsSettings, Runtime


def workers(runtime: Runtime) -> list[Worker]:
    return [runtime.part(mailer_of)]


service = create_service(
    "notifications",
    paths=["/api/tickets", "/api/notifications"],
    routers=[router],
    settings=NotificationsSettings,
    subscriptions=subscriptions,
    workers=workers,
)

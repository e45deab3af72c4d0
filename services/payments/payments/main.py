"""Payments as data: what it hears and what it works on. It has no HTTP interface."""

from chassis.service import create_service
from chassis.work import Worker
from payments.cashier import backlog, cashier_of
from payments.collector import collector_of
from payments.consumers import subscriptions
from payments.settings import PaymentsSettings, Runtime


def workers(runtime: Runtime) -> list[Worker]:
    return [runtime.part(collector_of), runtime.part(cashier_of), backlog(runtime.database)]


service = create_service("payments", settings=PaymentsSettings, subscriptions=subscriptions, workers=workers)

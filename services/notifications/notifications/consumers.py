"""What notifications hears, in its own words, and what it does about it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import after_commit
from chassis.messaging import Event, Handler, PublicText, Received, Subscription
from chassis.secrets import SecretValue
from notifications import handlers, wording
from notifications.handlers import ConfirmedOrder
from notifications.mailer import mailer_of
from notifications.settings import Runtime


class Money(BaseModel):
    """An amount in minor units (cents) of an ISO 4217 currency."""

    amount: int
    currency: PublicText

    def __str__(self) -> str:
        return wording.money(self.amount, self.currency)


class OrderConfirmed(Event, topic="orders", type="order.confirmed", key="order_id"):
    """Paid, and the seats are the customer's."""

    order_id: UUID
    account_id: UUID | None
    performance_id: UUID
    show: PublicText
    starts_at: datetime
    seats: tuple[PublicText, ...]
    total: Money


class OrderDeclined(Event, topic="orders", type="order.declined", key="order_id"):
    """The payment was declined."""

    order_id: UUID
    account_id: UUID | None
    show: PublicText
    reason: PublicText = ""


class OrderCancelled(Event, topic="orders", type="order.cancelled", key="order_id"):
    """The order is off; `reason` says by whose doing."""

    order_id: UUID
    account_id: UUID | None
    show: PublicText
    reason: PublicText = ""


class OrderRefunded(Event, topic="orders", type="order.refunded", key="order_id"):
    """The customer has the money back."""

    order_id: UUID
    account_id: UUID | None
    show: PublicText
    total: Money


class AccountRegistered(Event, topic="accounts", type="account.registered", key="account_id"):
    """There is a new customer."""

    account_id: UUID


class PasswordResetRequested(Event, topic="accounts", type="account.password-reset-requested", key="account_id"):
    """A customer, or somebody who says so, wants to set a new password."""

    account_id: UUID
    reset_id: UUID


class PasswordChanged(Event, topic="accounts", type="account.password-changed", key="account_id"):
    """The password of a customer is another now."""

    account_id: UUID
    change_id: UUID


class AccountErased(Event, topic="accounts", type="account.erased", key="account_id"):
    """A customer wants to be forgotten."""

    account_id: UUID


def ticket_key_of(runtime: Runtime) -> SecretValue:
    """The key that signs tickets, 32 bytes in hexadecimal."""
    return SecretValue(runtime.secrets, "services/notifications", "ticket_key")


def subscriptions(runtime: Runtime) -> list[Subscription]:
    mailer, ticket_key = runtime.part(mailer_of), runtime.part(ticket_key_of)

    async def on_order_confirmed(tx: AsyncConnection, events: Sequence[Received[OrderConfirmed]]) -> None:
        key = bytes.fromhex(await ticket_key.get())
        await handlers.issue_tickets(tx, [_confirmed(event.data) for event in events], key=key)

    async def on_order_declined(tx: AsyncConnection, events: Sequence[Received[OrderDeclined]]) -> None:
        orders = [event.data for event in events]
        await handlers.tell(tx, [wording.declined(**_about(order), reason=order.reason) for order in orders])

    async def on_order_cancelled(tx: AsyncConnection, events: Sequence[Received[OrderCancelled]]) -> None:
        orders = [event.data for event in events]
        await handlers.close_orders(tx, [order.order_id for order in orders])
        await handlers.tell(tx, [wording.cancelled(**_about(order), reason=order.reason) for order in orders])

    async def on_order_refunded(tx: AsyncConnection, events: Sequence[Received[OrderRefunded]]) -> None:
        orders = [event.data for event in events]
        await handlers.close_orders(tx, [order.order_id for order in orders])
        await handlers.tell(tx, [wording.refunded(**_about(order), amount=str(order.total)) for order in orders])

    async def on_account_registered(tx: AsyncConnection, events: Sequence[Received[AccountRegistered]]) -> None:
        await handlers.tell(tx, [wording.welcome(event.data.account_id) for event in events])

    async def on_reset_requested(tx: AsyncConnection, events: Sequence[Received[PasswordResetRequested]]) -> None:
        wanted = [event.data for event in events]
        await handlers.tell(tx, [wording.password_reset(each.account_id, each.reset_id) for each in wanted])

    async def on_password_changed(tx: AsyncConnection, events: Sequence[Received[PasswordChanged]]) -> None:
        changes = [event.data for event in events]
        await handlers.tell(tx, [wording.password_changed(each.account_id, each.change_id) for each in changes])

    async def on_account_erased(tx: AsyncConnection, events: Sequence[Received[AccountErased]]) -> None:
        await handlers.erase(tx, [event.data.account_id for event in events])

    def then_mail(handler: Handler) -> Handler:
        async def handle(tx: AsyncConnection, events: Sequence[Received[Any]]) -> None:
            await handler(tx, events)
            after_commit(tx, mailer.wake, once="mailer")

        return handle

    return [
        Subscription(OrderConfirmed, then_mail(on_order_confirmed)),
        Subscription(OrderDeclined, then_mail(on_order_declined)),
        Subscription(OrderCancelled, then_mail(on_order_cancelled)),
        Subscription(OrderRefunded, then_mail(on_order_refunded)),
        Subscription(AccountRegistered, then_mail(on_account_registered)),
        Subscription(PasswordResetRequested, then_mail(on_reset_requested)),
        Subscription(PasswordChanged, then_mail(on_password_changed)),
        Subscription(AccountErased, on_account_erased),
    ]


class About(wording.Order):
    """What every piece of news about an order says."""

    show: str


def _about(order: OrderDeclined | OrderCancelled | OrderRefunded) -> About:
    return {"order_id": order.order_id, "account_id": order.account_id, "show": order.show}


def _confirmed(order: OrderConfirmed) -> ConfirmedOrder:
    return ConfirmedOrder(
        order_id=order.order_id,
        account_id=order.account_id,
        performance_id=order.performance_id,
        show=order.show,
        starts_at=order.starts_at,
        seats=order.seats,
        paid=str(order.total),
    )

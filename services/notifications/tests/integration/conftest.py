"""The office on a fresh database, and a mail server that keeps what it gets and can be unplugged."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import func, select

from chassis.database import Database, event_log
from chassis.errors import Unavailable
from chassis.ids import uuid7
from chassis.testing import eventually
from notifications import handlers, wording
from notifications.clients import SmtpServer
from notifications.domain import Person
from notifications.handlers import ConfirmedOrder
from notifications.mailer import Mailer
from notifications.settings import NotificationsSettings
from notifications.tables import mails, tickets

KEY = bytes(range(32))


class MailSink:
    """A mail server. `answers` are what it says to the next mails, instead of taking them."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answers: list[str] = []
        self.port = 0
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answers:
            return self.answers.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        self.recipients += envelope.rcpt_tos
        return "250 OK"

    async def plug_in(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, loop=loop), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def unplug(self) -> None:
        if self._server:
            self._server.close()
            self._server = None

    async def gets(self, count: int) -> None:
        """Wait until it has got so many mails."""

        async def has_them() -> bool:
            return len(self.mails) >= count

        await eventually(has_them)


class Directory:
    """Who accounts are, as accounts would say while it is not `away`. The real one is in test_people.py."""

    def __init__(self) -> None:
        self.people: dict[UUID, Person] = {}
        self.tokens: dict[UUID, str] = {}
        self.away = False

    async def find(self, account_ids: Collection[UUID]) -> dict[UUID, Person]:
        if self.away:
            raise Unavailable("accounts is away")
        return {each: self.people[each] for each in account_ids if each in self.people}

    async def links(self, ids: Collection[UUID]) -> dict[UUID, str]:
        return {each: self.tokens[each] for each in ids if each in self.tokens}


@dataclass
class Office:
    """What a test does with notifications, and what it sees of it."""

    database: Database
    sink: MailSink
    directory: Directory = field(default_factory=Directory)
    mailers: list[Mailer] = field(default_factory=list)

    def mailer(self, **settings: Any) -> Mailer:
        """A mailer that is not started."""
        config = NotificationsSettings(**({"mails_per_second": 10_000.0} | settings))
        mailer = Mailer(self.database, self.directory, SmtpServer(self.sink.url, seconds=2), config)
        self.mailers.append(mailer)
        return mailer

    def start(self, **settings: Any) -> Mailer:
        mailer = self.mailer(**settings)
        mailer.start()
        return mailer

    async def do(self, use_case: Callable[..., Awaitable[None]], *arguments: Any, **more: Any) -> None:
        """Run a handler in a transaction, as a consumer does."""
        async with self.database.transaction() as tx:
            await use_case(tx, *arguments, **more)
        for mailer in self.mailers:
            mailer.wake()

    async def register(
        self, account_id: UUID | None = None, *, email: str = "ada@example.org", confirmed: bool = True
    ) -> UUID:
        account_id = account_id or uuid4()
        self.directory.people[account_id] = Person(account_id, email=email, name="Ada", confirmed=confirmed)
        await self.do(handlers.tell, [wording.welcome(account_id)])
        return account_id

    async def confirm(self, *orders: ConfirmedOrder) -> None:
        await self.do(handlers.issue_tickets, orders, key=KEY)

    async def tickets(self) -> list[Any]:
        async with self.database.reading() as connection:
            return list(await connection.execute(select(tickets).order_by(tickets.c.id.desc())))

    async def events(self) -> list[Any]:
        async with self.database.reading() as connection:
            return list(await connection.execute(select(event_log).order_by(event_log.c.position)))

    async def mail_states(self) -> dict[str, int]:
        async with self.database.reading() as connection:
            rows = await connection.execute(select(mails.c.state, func.count().label("number")).group_by(mails.c.state))
            return {row.state: row.number for row in rows}

    async def has_mails(self, **states: int) -> None:
        """Wait until there are so many mails of each state, and no others."""

        async def is_so() -> bool:
            return await self.mail_states() == states

        await eventually(is_so)


def order(account_id: UUID | None, *seats: str, **changes: Any) -> ConfirmedOrder:
    facts: dict[str, Any] = {
        "order_id": uuid7(),
        "account_id": account_id,
        "performance_id": uuid7(),
        "show": "Hamlet",
        "starts_at": datetime(2026, 5, 1, 18, 30, tzinfo=UTC),
        "seats": seats or ("A1", "A2"),
        "paid": "85.00 EUR",
    }
    return ConfirmedOrder(**(facts | changes))


@pytest.fixture
def new_order() -> Callable[..., ConfirmedOrder]:
    """`new_order(account_id, "A1", "A2")`: an order that was confirmed."""
    return order


@pytest.fixture
async def sink() -> AsyncIterator[MailSink]:
    sink = MailSink()
    await sink.plug_in()
    yield sink
    await sink.unplug()


@pytest.fixture
async def office(service_database: Callable[[str], Awaitable[Database]], sink: MailSink) -> AsyncIterator[Office]:
    office = Office(await service_database("notifications"), sink)
    yield office
    for mailer in office.mailers:
        await mailer.stop(grace_seconds=1)

"""The worker that sends mails. While the mail server or accounts is away they wait, and nothing else does."""

import asyncio
import logging
import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from uuid import UUID

from chassis.database import Database
from chassis.errors import Unavailable
from chassis.work import Worker
from notifications import letter, outgoing
from notifications.clients import AccountsPeople, MailRefused, MailServer, MailServerAway, People, Send, SmtpServer
from notifications.domain import PAUSES, Kind, MailState, Person, has_link
from notifications.outgoing import Mail, Outcome
from notifications.settings import NotificationsSettings, Runtime

log = logging.getLogger(__name__)


class Mailer(Worker):
    """Sends what is due, a batch over one connection.

    A crash between sending and recording sends a mail again, with the same Message-ID: SMTP has no way to do better.
    """

    def __init__(self, database: Database, people: People, server: MailServer, settings: NotificationsSettings) -> None:
        super().__init__("mailer", self.round)
        self._database = database
        self._people = people
        self._server = server
        self._settings = settings
        self._next_round = 0.0
        self._sent: Counter[UUID] = Counter()
        """Mails of the last day, by account, of those in this batch whose address is not confirmed."""

    async def round(self) -> int:
        """Send a batch; returns how many mails it was. Raises MailServerAway or Unavailable when some have to wait."""
        await asyncio.sleep(self._next_round - time.monotonic())
        limit = min(self._settings.batch, math.ceil(self._settings.mails_per_second))
        async with self._database.transaction() as tx:
            mails = await outgoing.take(tx, limit=limit, lease_seconds=self._settings.lease_seconds)
        if not mails:
            return 0
        self._next_round = time.monotonic() + len(mails) / self._settings.mails_per_second
        outcomes, away = await self._send(mails)
        untouched = [self._put_back(mail) for mail in mails[len(outcomes) :]]
        async with self._database.transaction() as tx:
            await outgoing.settle(tx, [*outcomes, *untouched])
        if away:
            raise away
        return len(mails)

    async def _send(self, mails: Sequence[Mail]) -> tuple[list[Outcome], MailServerAway | Unavailable | None]:
        """What became of the mails from the first to the one where the connection broke, or where we are to stop."""
        outcomes: list[Outcome] = []
        try:
            people = await self._people.find({mail.account_id for mail in mails})
            links = await self._people.links({mail.link_id for mail in mails if mail.link_id and has_link(mail.kind)})
            strangers = [each.id for each in people.values() if not each.confirmed]
            async with self._database.reading() as connection:
                self._sent = await outgoing.sent_lately(connection, strangers) if strangers else Counter()
            async with AsyncExitStack() as stack:
                send = await stack.enter_async_context(self._server.connected())
                for mail in mails:
                    if self._stopping:
                        break
                    outcomes.append(await self._send_one(send, mail, people.get(mail.account_id), links))
        except (MailServerAway, Unavailable) as error:
            return outcomes, error
        return outcomes, None

    async def _send_one(self, send: Send, mail: Mail, reader: Person | None, links: Mapping[UUID, str]) -> Outcome:
        if reader is None or self._is_too_much(mail, reader):  # erased (the news of it is on its way), or a stranger
            return Outcome(mail.message_id, MailState.DROPPED, mail.attempts)
        token = links.get(mail.link_id) if mail.link_id else None
        link = letter.Link(self._settings.shop_url, token) if token else None
        if link is None and mail.kind is Kind.PASSWORD_RESET:  # used, or too old by now
            return Outcome(mail.message_id, MailState.DROPPED, mail.attempts)
        try:
            message = letter.write(mail, reader, sender=self._settings.sender, link=link)
            await send(letter.address_of(self._settings.sender), letter.address_of(reader.email), message)
        except MailRefused as error:
            return self._refused(mail, str(error), permanent=error.permanent)
        except ValueError as error:  # an address or a name that no mail can carry
            return self._refused(mail, type(error).__name__, permanent=True)
        self._sent[reader.id] += 1
        return Outcome(mail.message_id, MailState.SENT, mail.attempts)

    def _is_too_much(self, mail: Mail, reader: Person) -> bool:
        """Whether an address that may be anybody's has had its share. Accounts bounds the mails for resets."""
        if reader.confirmed or mail.kind is Kind.PASSWORD_RESET:
            return False
        return self._sent[reader.id] >= self._settings.unconfirmed_mails_per_day

    def _refused(self, mail: Mail, reason: str, *, permanent: bool) -> Outcome:
        if permanent or mail.attempts >= self._settings.attempts:
            log.warning("mail %s cannot be delivered, given up after %d attempts", mail.message_id, mail.attempts)
            return Outcome(mail.message_id, MailState.FAILED, mail.attempts, error=reason)
        pause = PAUSES.pause(mail.attempts)
        return Outcome(mail.message_id, MailState.WAITING, mail.attempts, error=reason, pause=pause)

    @staticmethod
    def _put_back(mail: Mail) -> Outcome:
        return Outcome(mail.message_id, MailState.WAITING, mail.attempts - 1)


def mailer_of(runtime: Runtime) -> Mailer:
    """The mailer of this instance."""
    config = runtime.config
    server = SmtpServer(runtime.settings.smtp_url, seconds=config.smtp_seconds)
    return Mailer(runtime.database, AccountsPeople(runtime), server, config)

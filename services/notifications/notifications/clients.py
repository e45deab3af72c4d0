"""The ports to the accounts and to the mail server, and their adapters."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiosmtplib
from pydantic import TypeAdapter

from chassis.errors import Unavailable
from notifications.domain import Person
from notifications.settings import Runtime

PERMANENT = 500
_PEOPLE = TypeAdapter(list[Person])


class People(Protocol):
    """Knows who accounts are. Asked when a mail is written, and never kept."""

    async def find(self, account_ids: Collection[UUID]) -> dict[UUID, Person]:
        """The people by account; erased ones are left out. Raises Unavailable when accounts does not answer."""
        ...

    async def links(self, ids: Collection[UUID]) -> dict[UUID, str]:
        """The secret parts of links by what they are for; what is used or too old is left out. Raises Unavailable."""
        ...


class AccountsPeople:
    """People as the service accounts knows them."""

    def __init__(self, runtime: Runtime) -> None:
        self._calls = runtime.calls

    async def find(self, account_ids: Collection[UUID]) -> dict[UUID, Person]:
        items = await self._items("/internal/people", account_ids)
        return {each.id: each for each in _PEOPLE.validate_python(items)}

    async def links(self, ids: Collection[UUID]) -> dict[UUID, str]:
        items = await self._items("/internal/mail-tokens", ids) if ids else []
        return {UUID(each["id"]): each["token"] for each in items}

    async def _items(self, path: str, ids: Collection[UUID]) -> list[Any]:
        reply = await self._calls.request("accounts", "POST", path, json={"ids": [str(each) for each in ids]})
        if reply.status != 200:
            raise Unavailable(f"accounts answered {reply.status}")
        items: list[Any] = reply.json()["items"]
        return items


class MailRefused(Exception):
    """The server will not take this mail: not now, or never (`permanent`). It may take others over this connection."""

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.permanent = permanent


class MailServerAway(ConnectionError):
    """There is no connection to the mail server, or it broke."""


Send = Callable[[str, str, bytes], Awaitable[None]]
"""`await send(sender, recipient, message)`; raises MailRefused, or MailServerAway."""


class MailServer(Protocol):
    """Something that takes mail."""

    def connected(self) -> AbstractAsyncContextManager[Send]:
        """A connection, for as many mails as one likes. Raises MailServerAway."""
        ...


class SmtpServer:
    """A mail server at `smtp://[USER:PASSWORD@]HOST[:PORT]`, `smtps://` for TLS from the first byte."""

    def __init__(self, url: str, *, seconds: float) -> None:
        """`seconds` is how long it may take for each answer. Over `smtp://` STARTTLS is used where it is offered."""
        parts = urlsplit(url)
        self._secure = parts.scheme == "smtps"
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or (465 if self._secure else 25)
        self._username = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._seconds = seconds

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Send]:
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._username,
            password=self._password,
            use_tls=self._secure,
            timeout=self._seconds,
        )

        async def send(sender: str, recipient: str, message: bytes) -> None:
            try:
                await client.sendmail(sender, [recipient], message)
            except aiosmtplib.SMTPRecipientsRefused as error:
                raise _refused(error.recipients[0]) from None
            except aiosmtplib.SMTPResponseException as error:
                raise _refused(error) from None
            except aiosmtplib.SMTPNotSupported:
                raise MailRefused("not supported", permanent=True) from None
            except (aiosmtplib.SMTPException, OSError) as error:
                raise MailServerAway(f"mail server at {self._host}:{self._port}: {type(error).__name__}") from None

        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailServerAway(f"mail server at {self._host}:{self._port}: {type(error).__name__}") from error
        try:
            yield send
        finally:
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit()
            client.close()


def _refused(error: aiosmtplib.SMTPResponseException) -> MailRefused:
    """Without the server's words, which often repeat the address: its code, and the extended one of RFC 3463."""
    extended = re.match(r"[245]\.\d{1,3}\.\d{1,3}\b", error.message)
    reason = f"{error.code} {extended.group()}" if extended else str(error.code)
    return MailRefused(reason, permanent=error.code >= PERMANENT)

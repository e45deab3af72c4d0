"""The port to the mail server, and its adapter for SMTP."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib

PERMANENT = 500


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
                first = error.recipients[0]
                raise MailRefused(f"{first.code} {first.message}", permanent=first.code >= PERMANENT) from error
            except aiosmtplib.SMTPResponseException as error:
                raise MailRefused(f"{error.code} {error.message}", permanent=error.code >= PERMANENT) from error
            except aiosmtplib.SMTPNotSupported as error:
                raise MailRefused(str(error), permanent=True) from error
            except (aiosmtplib.SMTPException, OSError) as error:
                raise MailServerAway(f"mail server at {self._host}:{self._port}: {type(error).__name__}") from error

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

"""Tickets and what customers are told: codes that prove themselves, names that are the same each time."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from chassis.work import Backoff

PREFIX = "BO"
SIGNATURE_BYTES = 10
PAUSES = Backoff(5.0, 1800.0)
"""Between attempts to send a mail."""
MESSAGES = UUID("6d657373-6167-5e73-8000-626f786f6666")
"""The namespace of message ids."""


class TicketState(StrEnum):
    """A void ticket stays visible, so that its holder understands why the door will not open."""

    VALID = "valid"
    VOID = "void"


class MailState(StrEnum):
    """Where a mail stands. Only `WAITING` ones go out."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


class Kind(StrEnum):
    """What a message is about."""

    WELCOME = "welcome"
    PASSWORD_RESET = "password-reset"  # noqa: S105 - a kind of message
    PASSWORD_CHANGED = "password-changed"  # noqa: S105
    CONFIRMED = "order-confirmed"
    DECLINED = "order-declined"
    CANCELLED = "order-cancelled"
    REFUNDED = "order-refunded"


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to one seat. `account_id` is its holder, None once that account was erased."""

    id: UUID
    order_id: UUID
    account_id: UUID | None
    performance_id: UUID
    seat: str
    show: str
    starts_at: datetime
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """What the customer reads in the inbox and gets by mail: `body` is paragraphs, separated by empty lines.

    `account_id` is None where the customer was erased: then there is nobody to tell.
    """

    account_id: UUID | None
    kind: Kind
    subject: str
    body: str
    order_id: UUID | None = None
    link_id: UUID | None = None
    """What the link of the mail is for, as accounts knows it. The link itself is only in the mail."""

    @property
    def id(self) -> UUID:
        return message_id(self.kind, self.order_id or self.link_id or self.account_id)


@dataclass(frozen=True, slots=True)
class Person:
    """Who an account is, known for as long as it takes to write a mail. `confirmed`: the address is known as theirs."""

    id: UUID
    email: str = field(repr=False)
    name: str = field(repr=False)
    confirmed: bool


def has_link(kind: Kind) -> bool:
    """Whether a mail of this kind carries a link with a secret of accounts."""
    return kind in (Kind.WELCOME, Kind.PASSWORD_RESET)


def message_id(kind: Kind, about: UUID | None) -> UUID:
    """The id of the message of this kind about this order, link or account: there is one, however often told."""
    return uuid5(MESSAGES, f"{kind}/{about}")


def ticket_code(key: bytes, ticket_id: UUID, performance_id: UUID) -> str:
    """What the QR code of a ticket says: its id, signed for that performance.

    It uses only what a QR code packs most densely (digits and capitals), which keeps the code coarse and easy to scan.
    """
    signed = ticket_id.bytes + _signature(key, ticket_id, performance_id)
    return PREFIX + base64.b32encode(signed).decode().rstrip("=")


def verified_ticket(key: bytes, code: str, performance_id: UUID) -> UUID | None:
    """The id of the ticket when we signed this code for this performance, else None. The door needs only the key."""
    encoded = code.removeprefix(PREFIX)
    try:
        signed = base64.b32decode(encoded + "=" * (-len(encoded) % 8))
        ticket_id = UUID(bytes=signed[:-SIGNATURE_BYTES])
    except (binascii.Error, ValueError):
        return None
    # Compared as a whole: base32 has spare bits at the end, which would let several texts stand for one ticket.
    genuine = ticket_code(key, ticket_id, performance_id)
    return ticket_id if hmac.compare_digest(genuine.encode(), code.encode()) else None


def _signature(key: bytes, ticket_id: UUID, performance_id: UUID) -> bytes:
    return hmac.digest(key, ticket_id.bytes + performance_id.bytes, hashlib.sha256)[:SIGNATURE_BYTES]

"""What is kept of a request so that it can be told when it comes again, and that says nothing about it."""

import hashlib
import hmac
from dataclasses import dataclass, field
from uuid import UUID

from orders.schemas import PlaceOrder


@dataclass(frozen=True, slots=True)
class Request:
    """An order as it was asked for. `key` is the hash of its Idempotency-Key, which itself is not kept.

    The fingerprint is keyed by the Idempotency-Key: without it, nobody can try which payment token fits. The legacy
    members are what the release before wrote.
    """

    key: str
    fingerprint: bytes
    legacy_key: str = field(repr=False)
    legacy_fingerprint: bytes

    @classmethod
    def of(cls, command: PlaceOrder, account_id: UUID, idempotency_key: str) -> "Request":
        body = command.model_dump_json().encode()
        return cls(
            key=hashlib.sha256(f"{account_id}/{idempotency_key}".encode()).hexdigest(),
            fingerprint=hmac.digest(idempotency_key.encode(), account_id.bytes + body, hashlib.sha256),
            legacy_key=idempotency_key,
            legacy_fingerprint=hashlib.sha256(body).digest(),
        )

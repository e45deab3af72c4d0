"""What Mailpit has kept, by its API."""

import json
from urllib.error import URLError
from urllib.request import urlopen

from engines.protocol import EngineError

MOST = 5000


def read_mails(address: str) -> list[bytes]:
    """The source of every mail, the oldest first. Raises EngineError."""
    try:
        listed = json.loads(_get(f"{address}/api/v1/messages?limit={MOST}"))["messages"]
        return [_get(f"{address}/api/v1/message/{each['ID']}/raw") for each in reversed(listed)]
    except (URLError, ValueError, KeyError) as error:
        raise EngineError(f"the mail server does not answer at {address}: {error}") from error


def _get(url: str) -> bytes:
    with urlopen(url, timeout=10) as answer:  # noqa: S310 - http, and our own
        return bytes(answer.read())

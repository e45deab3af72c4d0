"""What Mailpit has kept, by its API."""

import json
from urllib.error import URLError

from engines.protocol import EngineError
from engines.web import fetch

MOST = 5000


def read_mails(address: str) -> list[bytes]:
    """The source of every mail, the oldest first. Raises EngineError."""
    try:
        listed = json.loads(fetch(f"{address}/api/v1/messages?limit={MOST}"))["messages"]
        return [fetch(f"{address}/api/v1/message/{each['ID']}/raw") for each in reversed(listed)]
    except (URLError, ValueError, KeyError) as error:
        raise EngineError(f"the mail server does not answer at {address}: {error}") from error

"""Members of beta's group as processes, which a test may kill or freeze: `python -m support.listener`.

For each line of JSON on its input it forks one, and says its process id. What its handler does with an
event is in the event's number, so that it is the same in whichever process handles it.
"""

import asyncio
import json
import logging
import os
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database, database
from chassis.messaging import Received, Subscription, inbox
from chassis.messaging.inbox import Consumer
from chassis.settings import Settings
from chassis.testing import Servers, StaticSecrets
from support.talk import Ears, Said

UNLUCKY = 13
SLOW = 14
SLOW_SECONDS = 0.3


class Unruly(BaseException):
    """What no library should raise."""


PASSING: dict[int, BaseException] = dict(
    enumerate([ConnectionRefusedError("away"), TimeoutError(), asyncio.CancelledError(), Unruly(), SystemExit()], 20)
)
"""What a handler raises the first time that a process handles an event with this number."""


class Handler:
    def __init__(self) -> None:
        self._ears = Ears()
        self._met: Counter[int] = Counter()

    async def listen(self, tx: AsyncConnection, events: Sequence[Received[Said]]) -> None:
        await self._ears.listen(tx, events)
        numbers = {event.data.number for event in events}
        if SLOW in numbers:
            await asyncio.sleep(SLOW_SECONDS)
        if UNLUCKY in numbers:
            raise ValueError("unlucky")
        for number in numbers & PASSING.keys():
            self._met[number] += 1
            if self._met[number] == 1:
                raise PASSING[number]


async def main(told: dict[str, Any]) -> None:
    """Be a member until SIGTERM."""
    inbox.RETRY_SECONDS = (0.01, 0.02, 0.05)
    inbox.HANDLE_SECONDS, inbox.PROBE_SECONDS, database.COMMAND_SECONDS = 3.0, 1.0, 0.7
    settings = Settings(**told["settings"])
    credentials = await StaticSecrets.for_servers(Servers(**told["servers"])).database_credentials("beta")
    beta = Database(settings.database_url, "beta", credentials)
    consumer = Consumer("beta", beta, [Subscription(Said, Handler().listen)], settings)
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    consumer.worker.start()
    await stopping.wait()
    await consumer.worker.stop()
    await consumer.close()
    await beta.close()


def fork_for_each_line() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a member that ends leaves nothing behind
    for line in sys.stdin:
        if not (member := os.fork()):
            asyncio.run(main(json.loads(line)))
            os._exit(0)
        sys.stdout.write(f"{member}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    fork_for_each_line()

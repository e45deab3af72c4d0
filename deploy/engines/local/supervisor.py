"""The process behind a stack on this machine: starts everything, keeps it running, ends it in order.

Started detached by `boxoffice up`; it lives until `boxoffice down`. Its own log is `logs/supervisor.log`.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from chassis.process.open_files import raise_open_files
from engines.local import control
from engines.local.control import Event
from engines.local.leftovers import end_leftovers
from engines.local.log_keeper import keep_small
from engines.local.renewal import renew_logins
from engines.local.stack import Stack
from engines.state import State

log = logging.getLogger("supervisor")

IDLE_SECONDS = 30.0
"""A supervisor that nobody gives work to ends by itself."""


async def supervise(state: State) -> None:
    """Answer what is asked until `down`, or SIGTERM."""
    ended = asyncio.Event()
    stack = Stack(state)

    async def answer(question: Event) -> AsyncIterator[Event]:
        try:
            async for event in stack.answer(question):
                yield event
        finally:
            if question["ask"] in ("up", "down") and not stack.is_up:  # done, or the start failed
                ended.set()

    def end_if_idle() -> None:
        if not stack.was_asked:
            ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    server = await control.serve(state, answer)
    keeping = asyncio.create_task(keep_small(state.logs))
    asyncio.get_running_loop().call_later(IDLE_SECONDS, end_if_idle)
    renewing = asyncio.create_task(renew_logins(state, stack.set_up))
    await ended.wait()
    renewing.cancel()
    server.close()
    await stack.down()
    keeping.cancel()
    state.socket.unlink(missing_ok=True)


def main(folder: Path) -> int:
    """Supervise the stack in `folder`; answers the exit code."""
    os.umask(0o077)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    state = State(folder)
    with state.locked() as mine:
        if not mine:
            log.info("there is a supervisor already")
            return 1
        os.chdir(folder)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        if names := end_leftovers(state):
            log.warning("ended what was left behind: %s", ", ".join(names))
        raise_open_files()
        log.info("supervising %s", folder)
        asyncio.run(supervise(state))
        log.info("ended")
        logging.shutdown()
        os._exit(0)  # the lock goes with the process: whoever waited for it finds nothing that still runs


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

"""One server under supervision: started again when it ends by itself, stopped in order when it is told to."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

from engines.local.processes import ProcessId, end, family, popen_arguments, resident, wait_until_gone
from engines.local.server import Server
from engines.local.servers import DidNotStart, check_port, tail

log = logging.getLogger(__name__)

FIRST_DELAY = 0.2
LONGEST_DELAY = 10.0
STEADY_SECONDS = 20.0
"""Having lived that long, a server that ends is started again without a long pause."""
PROBE_EVERY = 0.05
READY_SECONDS = 180.0
CHILDREN_SECONDS = 3.0
"""How long the children of a server that has ended may go on."""
HOPELESS = 4
"""So many ends before it was ready for the first time mean that it will not be."""


class Managed:
    """`changed` is called whenever the process behind the server is another one or none, or begins or ends to serve."""

    def __init__(self, server: Server, changed: Callable[[], None]) -> None:
        self.server = server
        self.restarts = 0
        self.process_id: ProcessId | None = None
        self.is_serving = False
        """Whether requests may be sent to it: from its first readiness until it ends or is told to."""
        self._changed = changed
        self._wanted = False
        self._keeper: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._exit_code = 0

    @property
    def name(self) -> str:
        return self.server.name

    @property
    def is_wanted(self) -> bool:
        """Whether it runs, or will as soon as it can."""
        return self._wanted

    async def start(self) -> None:
        """Start it, unless it runs, and wait until it serves. Raises DidNotStart, and what `prepare` raises."""
        if not self._wanted:
            if self._keeper is not None:
                await self._keeper  # it was sent a signal, and takes its time to end
            check_port(self.server)
            await asyncio.to_thread(self.server.prepare)
            self.server.command()  # fails here rather than in the background
            self._wanted = True
            self._keeper = asyncio.create_task(self._keep())
        await self._until_ready()

    async def stop(self) -> None:
        """End it in order, kill it when that takes too long. Harmless when it does not run."""
        self._wanted = False
        self._serves(False)
        if self._keeper is None:
            return
        if self._process is None:
            self._keeper.cancel()  # it was about to start again
        else:
            await self._end(self._process, self._keeper)
        with suppress(asyncio.CancelledError):
            await self._keeper
        self._keeper = None

    def send(self, number: signal.Signals) -> int:
        """Send a signal and answer the process's number. Raises ProcessLookupError when there is none."""
        if self._process is None:
            raise ProcessLookupError(f"{self.name} is not running at the moment")
        self._process.send_signal(number)
        return self._process.pid

    async def kill(self, number: signal.Signals) -> int:
        """Send a signal, do not start it again when it ends, and wait for that end if nothing can put it off.

        Answers the process's number. Raises ProcessLookupError when there is none.
        """
        everyone = await asyncio.to_thread(self._family)
        pid = self.send(number)
        self._wanted = False
        if number is signal.SIGKILL and self._keeper is not None:
            await self._keeper
            await asyncio.to_thread(wait_until_gone, everyone, CHILDREN_SECONDS)
        return pid

    def freeze(self) -> None:
        """Stop the process and its children where they are. Raises ProcessLookupError when there is none."""
        if not self._family():
            raise ProcessLookupError(f"{self.name} is not running at the moment")
        self._send_all(signal.SIGSTOP)  # the parent comes first, so that it has no more children
        self._send_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on. Harmless when they do."""
        self._send_all(signal.SIGCONT)

    def health(self) -> str:
        """`ready`, `not ready` (it runs, but does not serve), `frozen`, `restarting` or `stopped`. To be called in a
        thread.
        """
        process = self.process_id.find() if self.process_id else None
        if process is None:
            return "restarting" if self.is_wanted else "stopped"
        with suppress(psutil.NoSuchProcess):
            if process.status() == psutil.STATUS_STOPPED:
                return "frozen"
        return "ready" if self.server.ready() else "not ready"

    def memory(self) -> int:
        """Resident bytes of the process and its children."""
        return sum(map(resident, self._family()))

    async def _end(self, process: asyncio.subprocess.Process, keeper: asyncio.Task[None]) -> None:
        children = self._family()[1:]
        self.thaw()
        with suppress(ProcessLookupError):
            process.send_signal(self.server.stop_signal)
        await asyncio.wait([keeper], timeout=self.server.stop_seconds)
        if not keeper.done():
            log.warning("%s did not end in %g s and is killed", self.name, self.server.stop_seconds)
            with suppress(ProcessLookupError):
                process.kill()
            await asyncio.wait([keeper])
        await asyncio.to_thread(end, children, stop_signal=signal.SIGTERM, seconds=CHILDREN_SECONDS)

    def _send_all(self, number: signal.Signals) -> None:
        for each in self._family():
            with suppress(psutil.NoSuchProcess):
                each.send_signal(number)

    def _family(self) -> list[psutil.Process]:
        """The process and its descendants; empty when it does not run."""
        found = self.process_id.find() if self.process_id else None
        return family([found]) if found else []

    async def _keep(self) -> None:
        delay = FIRST_DELAY
        while self._wanted:
            began = time.monotonic()
            try:
                await self._run()
            except OSError as error:
                log.exception("%s cannot be started", self.name)
                self._exit_code = error.errno or -1
            if not self._wanted:
                return
            delay = FIRST_DELAY if time.monotonic() - began > STEADY_SECONDS else min(delay * 2, LONGEST_DELAY)
            log.warning("%s ended with %s, starting it again in %.1f s", self.name, self._exit_code, delay)
            self.restarts += 1
            await asyncio.sleep(delay)

    async def _run(self) -> None:
        """Start the process and wait for its end, however that comes."""
        arguments = popen_arguments(self.server)
        try:
            self._process = await asyncio.create_subprocess_exec(*self.server.command(), **arguments)
        finally:
            os.close(arguments["stdout"])
        with suppress(psutil.NoSuchProcess):
            self.process_id = ProcessId.of(self._process.pid)
        log.info("%s runs as process %d", self.name, self._process.pid)
        self._changed()
        watcher = asyncio.create_task(self._watch())
        self._exit_code = await self._process.wait()
        watcher.cancel()
        self._process = self.process_id = None
        self.is_serving = False
        self._changed()

    async def _watch(self) -> None:
        """Notice when it begins to serve."""
        while not await asyncio.to_thread(self.server.ready):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(PROBE_EVERY)
        self._serves(self._wanted)

    def _serves(self, serves: bool) -> None:
        if serves != self.is_serving:
            self.is_serving = serves
            self._changed()

    async def _until_ready(self) -> None:
        restarts, deadline = self.restarts, time.monotonic() + READY_SECONDS
        while not (self.is_serving and await asyncio.to_thread(self.server.ready)):
            if not self._wanted:
                raise DidNotStart(f"{self.name} was stopped")
            if self.restarts - restarts >= HOPELESS:
                raise DidNotStart(f"{self.name} ended with {self._exit_code} again and again:\n{tail(self.server.log)}")
            if time.monotonic() > deadline:
                raise DidNotStart(f"{self.name} does not serve after {READY_SECONDS:g} s:\n{tail(self.server.log)}")
            await asyncio.sleep(PROBE_EVERY)

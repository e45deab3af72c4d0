"""A background loop that works off what is due: rounds while there is work, then sleep until woken or it is time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from chassis.errors import is_outage
from chassis.observability.metrics import FAILED_ROUNDS
from chassis.work.backoff import Backoff

log = logging.getLogger(__name__)

PAUSES = Backoff(0.2, 5.0)


class Worker:
    """Runs `step` again and again. `step` does one round and returns how many items it handled (0: nothing is due).

    A failing round is repeated with growing, jittered pauses: durable work waits in the database, nothing is lost.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], Awaitable[int]],
        *,
        idle_seconds: float = 1.0,
        woken: asyncio.Event | None = None,
    ) -> None:
        """`woken` is set when there may be work before `idle_seconds` are over; `wake` sets it too."""
        self.name = name
        self._step = step
        self._idle_seconds = idle_seconds
        self._woken = woken or asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Say that there may be work now."""
        self._woken.set()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"worker:{self.name}")

    async def stop(self, grace_seconds: float = 10.0) -> None:
        """Let the round that is under way finish, at most `grace_seconds`, then end the loop."""
        self._stopping = True
        self._woken.set()
        if self._task:
            _, running = await asyncio.wait({self._task}, timeout=grace_seconds)
            for task in running:
                task.cancel()
                await asyncio.wait({task})

    async def _run(self) -> None:
        failures = 0
        while not self._stopping:
            self._woken.clear()
            try:
                handled = await self._step()
                failures = 0
            except (Exception, asyncio.CancelledError) as error:
                if is_cancelled():
                    raise
                failures += 1
                FAILED_ROUNDS.labels(self.name).inc()
                self._report(error, failures)
                await self._pause(PAUSES.pause(failures))
                continue
            if not handled:
                await self._pause(self._idle_seconds)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)

    def _report(self, error: BaseException, failures: int) -> None:
        if not is_outage(error):
            log.error("worker %s failed", self.name, exc_info=error)
        elif failures == 1:
            log.warning("worker %s waits: %s", self.name, f"{type(error).__name__}: {error}".splitlines()[0])


def is_cancelled() -> bool:
    """Whether this task was asked to end; a library may raise CancelledError without that."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def failure_of(work: Awaitable[object]) -> BaseException | None:
    """What `work` raised, if anything. An end of this task or of the process passes."""
    try:
        await work
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        if is_cancelled():
            raise
        return error
    return None

"""Runs a process under uvicorn: readiness fails first, then connections drain, then everything is closed."""

import asyncio
import gc
import logging
import signal
from types import FrameType

import uvicorn

from chassis.http.protocol import bounded_protocol
from chassis.observability.logging import configure_logging
from chassis.observability.tracing import close_tracing, configure_tracing
from chassis.process.open_files import raise_open_files
from chassis.process.process import Process, describe
from chassis.settings import Settings

log = logging.getLogger(__name__)


class DrainingServer(uvicorn.Server):
    """On the first SIGTERM readiness fails and answers close their connections; a moment later accepting ends.

    In that moment the load balancer notices and sends nothing more. A second signal ends the process at once.
    """

    def __init__(self, config: uvicorn.Config, process: Process, drain_seconds: float) -> None:
        super().__init__(config)
        self._process = process
        self._drain_seconds = drain_seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._process.draining.is_set():
            super().handle_exit(sig, frame)
            return
        log.info("draining after %s", signal.Signals(sig).name)
        self._process.draining.set()
        asyncio.get_running_loop().call_later(self._drain_seconds, self._stop_accepting)

    def _stop_accepting(self) -> None:
        self.should_exit = True


def run(process: Process, settings: Settings) -> None:
    """Serve until a signal says to stop."""
    configure_logging(settings)
    configure_tracing(settings)
    raise_open_files()
    log.info("starting %s: %s", settings.instance, describe(settings))
    config = uvicorn.Config(
        process,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=bounded_protocol(settings.max_header_bytes, settings.max_header_seconds),
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=int(settings.shutdown_seconds),
    )
    # What is loaded by now lives as long as the process: the collector need not look at it again.
    gc.freeze()
    gc.enable()
    try:
        DrainingServer(config, process, settings.drain_seconds).run()
    finally:
        close_tracing()

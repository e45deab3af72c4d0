"""Ways from this machine to what is inside: `kubectl port-forward`, for as long as this process lives."""

import atexit
import re
import select
import subprocess
import time
from contextlib import suppress

from engines.protocol import EngineError

READY_SECONDS = 20.0
FORWARDING = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+)")


class Forwarding:
    """Each way is opened when it is first asked for, and again when it has ended, as it does with its pod."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._open: dict[tuple[str, int], tuple[subprocess.Popen[str], int]] = {}

    def port(self, service: str, port: int) -> int:
        """The port of 127.0.0.1 that leads to `port` of a Service. Raises EngineError when nobody is there."""
        process, local = self._open.get((service, port), (None, 0))
        if process is None or process.poll() is not None:
            process, local = self._forward(service, port)
            self._open[service, port] = process, local
        return local

    def close(self) -> None:
        for process, _ in self._open.values():
            process.terminate()
        self._open.clear()

    def _forward(self, service: str, port: int) -> tuple["subprocess.Popen[str]", int]:
        command = ["kubectl", "--namespace", self._namespace, "port-forward", f"service/{service}", f":{port}"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        atexit.register(_end, process)
        deadline, said = time.monotonic() + READY_SECONDS, ""
        while process.stdout and process.poll() is None and time.monotonic() < deadline:
            if select.select([process.stdout], [], [], 0.2)[0]:
                said += process.stdout.readline()
                if found := FORWARDING.search(said):
                    return process, int(found[1])
        process.terminate()
        raise EngineError(f"no way to {service}:{port}: {said.strip() or 'kubectl port-forward says nothing'}")


def _end(process: "subprocess.Popen[str]") -> None:
    with suppress(ProcessLookupError):
        process.terminate()

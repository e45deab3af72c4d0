"""Commands that run once and end: setting up Vault, migrating the databases."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engines.local.processes import end_with_parent
from engines.local.server import base_environment, private_folder
from engines.local.servers import tail


@dataclass(frozen=True, slots=True)
class Task:
    """A command that is done before what comes `after` it may start: names of servers and of other tasks."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    after: Sequence[str]


class TaskFailed(RuntimeError):
    """A command ended with an error. The message has the end of what it said."""


async def run_task(task: Task, state: Path, *, stdin: str = "") -> None:
    """Run `task` of the stack in the folder `state`; what it says goes to its log. `stdin` may hold credentials.

    Raises TaskFailed.
    """
    log = state / "logs" / f"{task.name}.log"
    private_folder(log.parent)
    descriptor = os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    try:
        process = await asyncio.create_subprocess_exec(
            *task.command,
            env={**base_environment(state), **task.environment},
            cwd="/",
            stdin=asyncio.subprocess.PIPE,
            stdout=descriptor,
            stderr=descriptor,
            process_group=0,
            preexec_fn=end_with_parent(),
        )
    finally:
        os.close(descriptor)
    await process.communicate(stdin.encode())
    if process.returncode != 0:
        raise TaskFailed(f"{task.name} failed with {process.returncode}:\n{tail(log)}")

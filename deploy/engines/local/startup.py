"""The first start of a stack: everything at once that need not wait for something else."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from chassis.cpus import usable_cpus
from engines.local.control import Event, Refused
from engines.local.migrated import remember
from engines.local.plan import SETUP, Plan
from engines.local.ports import culprit, is_free
from engines.local.server import Server
from engines.local.servers import DidNotStart
from engines.local.tasks import Task, run_task
from engines.state import State

Say = Callable[[Event], None]
Start = Callable[[Server, Say], Awaitable[None]]

EDGE_SECONDS = 20.0
ANSWERS = "/api/docs"
"""A page that comes from the app, through the edge, and costs nothing."""


def check_ports(plan: Plan) -> None:
    """See that the edge can have its ports. Raises Refused with who has them, and what to do."""
    for port, variable in ((plan.edge.port, "EDGE_HTTPS_PORT"), (plan.edge.http_port, "EDGE_HTTP_PORT")):
        for address in plan.edge.addresses:
            try:
                free = is_free(port, address)
            except PermissionError:
                raise Refused(
                    f"port {port} needs more rights than this user has: choose one above 1023, {variable}=8443"
                ) from None
            if not free:
                raise Refused(
                    f"port {port} is taken by {culprit(port)}: end that, or move the edge: {variable}={port + 1000}"
                )


async def start_all(plan: Plan, state: State, start: Start, say: Say) -> None:
    """Start servers, run the one-time tasks between them, start the instances, wait until the edge answers.

    Raises DidNotStart, TaskFailed, NotForThisPlatform.
    """
    began: dict[str, asyncio.Task[None]] = {}

    async def after(names: Iterable[str], work: Callable[[], Awaitable[None]]) -> None:
        for name in names:
            await asyncio.shield(began[name])
        await work()

    try:
        async with asyncio.TaskGroup() as group:
            for server in plan.servers():
                began[server.name] = group.create_task(after((), partial(start, server, say)))
            for task in (tasks := plan.tasks()):
                began[task.name] = group.create_task(after(task.after, partial(_run, plan, state, task, say)))
            for instance in plan.instances():
                group.create_task(after([tasks[-1].name], partial(start, instance, say)))
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from errors
    remember(state, plan.postgres)
    await _until_the_edge_answers(plan)


async def start_beside(servers: Iterable[Server], start: Start, say: Say) -> None:
    """Start servers while others work: no more of them at once than leaves those a share of the processors.

    Raises what `start` raises.
    """
    places = asyncio.Semaphore(max(1, usable_cpus() // 2))

    async def start_in_turn(server: Server) -> None:
        async with places:
            await start(server, say)

    try:
        async with asyncio.TaskGroup() as group:
            for server in servers:
                group.create_task(start_in_turn(server))
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from errors


async def run_tasks(plan: Plan, state: State, say: Say) -> None:
    """Run the one-time tasks of a stack that is up. Raises TaskFailed."""
    for task in plan.tasks():
        await _run(plan, state, task, say)
    remember(state, plan.postgres)


async def run_setup(plan: Plan, state: State, say: Say) -> None:
    """Set Vault up again, which gives every login new files. Raises TaskFailed."""
    await _run(plan, state, plan.tasks()[0], say)


async def _run(plan: Plan, state: State, task: Task, say: Say) -> None:
    say({"starting": task.name})
    stdin = plan.vault_plan().to_json() if task.name == SETUP else ""
    await run_task(task, state.folder, stdin=stdin)
    say({"ready": task.name})


async def _until_the_edge_answers(plan: Plan) -> None:
    if not plan.edge.is_local:
        return
    deadline = time.monotonic() + EDGE_SECONDS
    while (status := await asyncio.to_thread(plan.edge.status_of, ANSWERS)) != 200:
        if time.monotonic() > deadline:
            raise DidNotStart(f"the edge answers {plan.edge.url}{ANSWERS} with {status or 'nothing'}")
        await asyncio.sleep(0.1)

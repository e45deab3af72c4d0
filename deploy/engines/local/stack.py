"""A stack that runs: what can be asked of it, and how that is done."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import zip_longest
from typing import Any

from engines.local.announcement import announce
from engines.local.app import App
from engines.local.control import Event, Refused
from engines.local.leftovers import record
from engines.local.managed import Managed
from engines.local.plan import Plan, Request
from engines.local.rows import own_row, row
from engines.local.server import Server
from engines.local.slots import Slots
from engines.local.startup import Say, check_ports, run_setup, run_tasks, start_all, start_beside
from engines.state import State

log = logging.getLogger(__name__)

EDGE_NOTICES_SECONDS = 0.6
"""The edge asks twice a second at each place whether there is an instance."""


@contextmanager
def _running_only() -> Iterator[None]:
    """Refuses what needs a process that runs."""
    try:
        yield
    except ProcessLookupError as error:
        raise Refused(str(error)) from error


class Stack:
    """All changes happen one after the other; looking is possible at any time."""

    def __init__(self, state: State) -> None:
        self.was_asked = False
        self._state = state
        self._plan: Plan | None = None
        self._managed: dict[str, Managed] = {}
        self._slots = Slots()
        self._changing = asyncio.Lock()
        self._starting: asyncio.Task[Any] | None = None
        self._commands: dict[str, Callable[..., Awaitable[Any]]] = {
            "up": self.up,
            "promote": self.promote,
            "status": self.status,
            "scale": self.scale,
            "restart": self.restart,
            "upgrade": self.upgrade,
            "kill": self.kill,
            "stop": self.stop,
            "start": self.start,
            "freeze": self.freeze,
            "thaw": self.thaw,
            "access": self.access,
            "down": self.down,
        }

    @property
    def is_up(self) -> bool:
        return self._plan is not None

    async def answer(self, question: Event) -> AsyncIterator[Event]:
        """Do what is asked: yields progress, at last `done`. Raises Refused and what the work raises."""
        self.was_asked = True
        details = dict(question)
        command = self._commands[details.pop("ask")]
        events: asyncio.Queue[Event | None] = asyncio.Queue()
        work = asyncio.ensure_future(command(events.put_nowait, **details))
        work.add_done_callback(lambda _: events.put_nowait(None))
        while (event := await events.get()) is not None:
            yield event
        if work.cancelled():
            raise Refused("stopped by `boxoffice down`")
        yield {"done": work.result()}

    async def up(self, say: Say, request: Event) -> Event:
        """Start what does not run. When the first start fails, all of it is stopped again."""
        async with self._changing:
            wanted = Request.from_json(request)
            if self._plan is not None:
                if wanted.tier != self._plan.tier.name:
                    there = self._plan.tier.name
                    raise Refused(
                        f"{there} is up: `boxoffice promote {there} {wanted.tier}` makes it {wanted.tier}, "
                        "`boxoffice down` stops it"
                    )
                await asyncio.gather(*(self._start(each.server) for each in self._managed.values()))
                return self._summary(self._plan, already=True)
            plan = Plan(self._state, wanted)
            check_ports(plan)
            self._plan = plan
            self._slots.reserve(port for ports in plan.slots.values() for port in ports)
            self._starting = asyncio.current_task()
            try:
                await start_all(plan, self._state, self._start, say)
            except BaseException:
                await self._stop_all()
                raise
            finally:
                self._starting = None
            return self._summary(plan, already=False)

    async def promote(self, say: Say, before: str, request: Event) -> Event:
        """Put the instances of another tier in the place of those that run, on the same servers, data and edge.

        Both work at the same time for a while: they share the databases, the sessions and the groups of consumers.
        """
        async with self._changing:
            old, wanted = self._running(), Request.from_json(request)
            if old.tier.name != before or wanted.tier == before:
                raise Refused(
                    f"{old.tier.name} is up: `boxoffice promote {old.tier.name} TIER`, another tier than that"
                )
            plan = Plan(self._state, wanted.on_servers_of(old.request), running=old)
            outgoing, incoming = self._running_instances(), plan.instances()
            self._slots.reserve(port for ports in plan.slots.values() for port in ports)
            await run_tasks(plan, self._state, say)
            try:
                await start_beside(incoming, self._start, say)
                await asyncio.to_thread(plan.edge.reload)
            except BaseException:
                names = {server.name for server in incoming} & set(self._managed)
                await asyncio.gather(*(self._remove(self._managed[name], say) for name in names))
                raise
            self._managed[plan.edge.name].server = plan.edge
            self._plan = plan
            await asyncio.sleep(EDGE_NOTICES_SECONDS)
            await asyncio.gather(*(self._remove(each, say) for each in outgoing))
            for port in {port for ports in old.slots.values() for port in ports}:
                self._slots.release(port)
            plan.before = None
            await run_setup(plan, self._state, say)  # the logins of the instances that are gone go too
            return self._summary(plan, already=False)

    async def status(self, _say: Say) -> list[Event]:
        """A row for each process."""
        rows = await asyncio.gather(*(asyncio.to_thread(row, each) for each in self._managed.values()))
        return [*rows, own_row()] if self.is_up else []

    async def access(self, _say: Say) -> Event:
        """What an operator needs to look inside; the socket is for nobody else."""
        return self._running().access()

    async def scale(self, say: Say, group: str, count: int) -> Event:
        """Change the number of instances. New ones take part when this returns, old ones finish their work before."""
        async with self._changing:
            plan = self._running()
            if group not in plan.slots:
                raise Refused(f"there is no {group!r} to scale, there is {', '.join(plan.slots)}")
            most = len(plan.slots[group])
            if not 1 <= count <= most:
                raise Refused(f"{group} can have 1 to {most} instances on this machine (MAX_INSTANCES)")
            before = self._instances(group)
            missing = [number for number in range(1, most + 1) if number not in before][: max(0, count - len(before))]
            await asyncio.gather(*(self._start(plan.app(group, number), say) for number in missing))
            surplus = sorted(before, reverse=True)[: max(0, len(before) - count)]
            await asyncio.gather(*(self._remove(before[number], say) for number in surplus))
            if missing:
                await asyncio.sleep(EDGE_NOTICES_SECONDS)
            return {"group": group, "before": len(before), "now": count}

    async def restart(self, say: Say, names: Sequence[str], rolling: bool) -> list[str]:
        """Restart servers, without names the instances of the app; `rolling`: each once the one before is ready."""
        async with self._changing:
            self._running()
            chosen = [self._find(name) for name in names] or self._running_instances()
            if rolling:
                await self._restart_rolling(chosen, say)
            else:
                await asyncio.gather(*(self._restart(each, say) for each in chosen))
            return [each.name for each in chosen]

    async def upgrade(self, say: Say, groups: Sequence[str], settings: Mapping[str, str]) -> list[str]:
        """Have Vault, the databases, the static site and the instances as the code is now, without a failed request.

        With `groups` only the instances of those, and not the site.
        """
        async with self._changing:
            plan = self._running()
            if unknown := set(groups) - set(plan.groups):
                raise Refused(f"there is no {', '.join(unknown)} to upgrade, there is {', '.join(plan.groups)}")
            await run_tasks(plan, self._state, say)
            if not groups:
                await asyncio.to_thread(plan.edge.prepare)
            chosen = [each for each in self._running_instances() if not groups or _group_of(each) in groups]
            plan.change(groups or list(plan.groups), settings)
            for each in chosen:
                if isinstance(each.server, App):
                    each.server = plan.app(each.server.group.name, each.server.number)
            await self._restart_rolling(chosen, say)
            return [each.name for each in chosen]

    async def kill(self, _say: Say, name: str, number: int, stays: bool) -> Event:
        """Send a signal to a process, for teaching; unless it `stays` away, it is started again when it ends."""
        self._running()
        managed, sent = self._find(name), signal.Signals(number)
        with _running_only():
            return {"name": name, "pid": await managed.kill(sent) if stays else managed.send(sent)}

    async def stop(self, say: Say, names: Sequence[str]) -> list[str]:
        """End processes in order; they stay in the plan, and in `status`."""
        async with self._changing:
            self._running()
            await asyncio.gather(*(self._stop(each, say) for each in map(self._find, names)))
            return list(names)

    async def start(self, say: Say, names: Sequence[str]) -> list[str]:
        """Start processes, and wait until they are ready. Harmless when they run."""
        async with self._changing:
            self._running()
            await asyncio.gather(*(self._start(each.server, say) for each in map(self._find, names)))
            return list(names)

    async def freeze(self, _say: Say, name: str) -> None:
        """Stop a process and its children where they are."""
        with _running_only():
            await asyncio.to_thread(self._find(name).freeze)

    async def thaw(self, _say: Say, name: str) -> None:
        """Let them go on."""
        await asyncio.to_thread(self._find(name).thaw)

    async def set_up(self) -> None:
        """Set Vault up again, if there is a stack. Raises TaskFailed."""
        async with self._changing:
            if self._plan is not None:
                await run_setup(self._plan, self._state, lambda _: None)

    async def down(self, say: Say = lambda _: None) -> None:
        """Stop everything, in order; what is just being started too."""
        if self._starting is not None:
            self._starting.cancel()
        async with self._changing:
            await self._stop_all(say)

    async def _start(self, server: Server, say: Say = lambda _: None) -> None:
        say({"starting": server.name})
        managed = self._managed.setdefault(server.name, Managed(server, self._record))
        if isinstance(server, App):
            self._slots.release(server.port)
        await managed.start()
        say({"ready": server.name})

    async def _restart(self, managed: Managed, say: Say) -> None:
        say({"stopping": managed.name})
        await managed.stop()
        await self._start(managed.server, say)

    async def _restart_rolling(self, chosen: Sequence[Managed], say: Say) -> None:
        """One of each group at a time."""
        groups: dict[str, list[Managed]] = {}
        for each in chosen:
            groups.setdefault(_group_of(each), []).append(each)
        for one_of_each in zip_longest(*groups.values()):
            await asyncio.gather(*(self._restart(each, say) for each in one_of_each if each))
            await asyncio.sleep(EDGE_NOTICES_SECONDS)

    async def _remove(self, managed: Managed, say: Say) -> None:
        await self._stop(managed, say)
        del self._managed[managed.name]

    async def _stop(self, managed: Managed, say: Say) -> None:
        say({"stopping": managed.name})
        await managed.stop()
        if isinstance(managed.server, App):
            self._slots.reserve([managed.server.port])
        say({"stopped": managed.name})

    async def _stop_all(self, say: Say = lambda _: None) -> None:
        if self._plan is None:
            return
        instances = [name for name, each in self._managed.items() if isinstance(each.server, App)]
        first, *rest = self._plan.shutdown_order()
        for names in ([*instances, *first], *rest):
            await asyncio.gather(*(self._remove(self._managed[name], say) for name in names if name in self._managed))
        self._plan = None
        self._slots.release_all()

    def _record(self) -> None:
        try:
            record(self._state, self._managed.values())
            announce(self._state, self._managed.values())
        except OSError:  # a full disk must not end what runs
            log.exception("cannot write down what runs")

    def _running(self) -> Plan:
        if self._plan is None:
            raise Refused("nothing is up")
        return self._plan

    def _find(self, name: str) -> Managed:
        try:
            return self._managed[name]
        except KeyError:
            raise Refused(f"there is no process {name!r}, there is {', '.join(self._managed)}") from None

    def _running_instances(self) -> list[Managed]:
        return [each for each in self._managed.values() if isinstance(each.server, App) and each.is_wanted]

    def _instances(self, group: str) -> dict[int, Managed]:
        apps = ((each.server, each) for each in self._managed.values())
        return {server.number: each for server, each in apps if isinstance(server, App) and server.group.name == group}

    def _summary(self, plan: Plan, *, already: bool) -> Event:
        if plan.edge.is_local:
            with suppress(FileNotFoundError):
                self._state.ca.write_text(plan.edge.ca.read_text())
        return {
            "already": already,
            "tier": plan.tier.name,
            "url": plan.edge.url,
            "ca": str(self._state.ca) if plan.edge.is_local else None,
            "vault_addr": plan.settings()["VAULT_ADDR"],
            "mail": str(plan.mail.folder) if plan.mail else None,
            "settings": plan.settings(),
        }


def _group_of(managed: Managed) -> str:
    server = managed.server
    return server.group.name if isinstance(server, App) else server.name

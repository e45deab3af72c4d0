"""Live changes of a seat map: told to all instances by broadcast, to browsers by server-sent events."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import after_commit
from chassis.live import Broadcast, ServerEvent
from seats import repository
from seats.domain import State
from seats.settings import Runtime

Changes = Mapping[UUID, Mapping[str, State]]
"""New states by performance and label."""


def channel(performance_id: UUID) -> str:
    return f"performance:{performance_id}"


def announce(tx: AsyncConnection, broadcast: Broadcast, changes: Changes) -> None:
    """Tell everyone who looks at a seat map what has changed, once `tx` has committed."""

    async def publish() -> None:
        for performance_id, states in changes.items():
            await broadcast.publish(channel(performance_id), dict(states))

    if changes:
        after_commit(tx, publish)


def changes_to(state: State, places: Iterable[tuple[UUID, str]]) -> dict[UUID, dict[str, State]]:
    """The change of `places`, given as (performance, label), to `state`."""
    changes: dict[UUID, dict[str, State]] = {}
    for performance_id, label in places:
        changes.setdefault(performance_id, {})[label] = state
    return changes


async def stream(runtime: Runtime, performance_id: UUID) -> AsyncGenerator[ServerEvent | None, None]:
    """First a `snapshot` {label: state} of the seats that are not available, then a `seat` {label, state} per change.

    Where changes may have been missed, and differ from what was told, there is another snapshot.
    """
    async with runtime.broadcast.subscribe(channel(performance_id)) as updates:
        told = await _states(runtime, performance_id)
        yield ServerEvent(told, event="snapshot")
        async for message in updates:
            if message is not None:
                for label, state in message.items():
                    yield ServerEvent({"label": label, "state": state}, event="seat")
                told = {label: state for label, state in {**told, **message}.items() if state != State.AVAILABLE}
            elif (states := await _states(runtime, performance_id)) != told:
                told = states
                yield ServerEvent(told, event="snapshot")
            else:
                yield None


async def _states(runtime: Runtime, performance_id: UUID) -> dict[str, State]:
    async with runtime.database.reading() as connection:
        return (await repository.claims(connection, performance_id)).states()

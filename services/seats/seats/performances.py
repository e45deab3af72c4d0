"""What an instance remembers of performances: only what never changes, so not whether one is closed."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from chassis.errors import NotFound
from chassis.runtime import Runtime
from seats import repository
from seats.domain import Claims, Layout, Seat, State, Zone

CAPACITY = 256
"""How many performances an instance remembers; one of 2,000 seats takes about half a megabyte."""
AVAILABLE = b'"state":"available"'


class SeatMap:
    """The seat map of a performance as JSON, of which only the states are not rendered beforehand."""

    def __init__(self, performance_id: UUID, layout: Layout) -> None:
        self._places = layout.places
        self._seats = [_render(seat) for seat in layout.seats]
        self._head = b'{"performance_id":"%s","seats":[' % str(performance_id).encode()
        self._last: tuple[Claims, bytes] | None = None

    def render(self, claims: Claims) -> bytes:
        """The map at these claims. Many look between two changes: the last one is kept."""
        if self._last is None or self._last[0] != claims:
            self._last = claims, self._render(claims)
        return self._last[1]

    def _render(self, claims: Claims) -> bytes:
        seats = self._seats.copy()
        for label, state in claims.states().items():
            if (place := self._places.get(label)) is not None:
                seats[place] = seats[place].replace(AVAILABLE, b'"state":"%s"' % state.encode(), 1)
        return self._head + b",".join(seats) + b"]}"


@dataclass(frozen=True, slots=True)
class Performance:
    """A performance as buyers see it."""

    id: UUID
    show: str
    starts_at: datetime
    layout: Layout
    seat_map: SeatMap


class Performances:
    """The performances that were asked for last, by id."""

    def __init__(self, runtime: Runtime) -> None:
        self._database = runtime.database
        self._known: dict[UUID, Performance] = {}
        self._loading: dict[UUID, asyncio.Task[Performance]] = {}

    async def get(self, performance_id: UUID) -> Performance:
        """Raises NotFound when seats has not heard of it (yet)."""
        performance = self._known.pop(performance_id, None) or await self._load_once(performance_id)
        self._known[performance_id] = performance
        if len(self._known) > CAPACITY:
            del self._known[next(iter(self._known))]
        return performance

    async def _load_once(self, performance_id: UUID) -> Performance:
        """When sale begins a crowd asks for the same: it is loaded for all of them together."""
        if (loading := self._loading.get(performance_id)) is None:
            loading = self._loading[performance_id] = asyncio.create_task(self._load(performance_id))
            loading.add_done_callback(lambda _: self._loading.pop(performance_id))
        return await asyncio.shield(loading)

    async def _load(self, performance_id: UUID) -> Performance:
        async with self._database.reading() as connection:
            row = await repository.performance(connection, performance_id)
        if row is None:
            raise NotFound("There is no such performance.")
        return await asyncio.to_thread(_performance, row["id"], row["show"], row["starts_at"], row["zones"])


def _performance(performance_id: UUID, show: str, starts_at: datetime, zones: list[object]) -> Performance:
    layout = Layout.of(Zone.model_validate(zone) for zone in zones)
    return Performance(performance_id, show, starts_at, layout, SeatMap(performance_id, layout))


def _render(seat: Seat) -> bytes:
    state = State.AVAILABLE
    return orjson.dumps({"label": seat.label, "zone": seat.zone, "state": state, "price": seat.price.model_dump()})

"""What an instance remembers of performances: only what never changes, so not whether one is closed."""

import asyncio
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from chassis.errors import NotFound
from seats import repository
from seats.domain import Claims, Layout, Seat, State, Zone
from seats.settings import Runtime

CAPACITY = 128
"""How many performances an instance remembers; one of 2,000 seats takes about half a megabyte."""
AVAILABLE = State.AVAILABLE.encode()


class SeatMap:
    """The seat map of a performance as JSON, rendered beforehand with every seat available.

    It is one piece of memory: as one for each seat it took eight megabytes.
    """

    def __init__(self, performance_id: UUID, layout: Layout) -> None:
        self._places = layout.places
        self._blank, self._spots = _rendered(performance_id, layout.seats)
        self._last: tuple[Claims, bytes] = Claims(), self._blank

    def render(self, claims: Claims) -> bytes:
        """The map at these claims. Many look between two changes: the last one is kept."""
        if self._last[0] != claims:
            self._last = claims, self._render(claims)
        return self._last[1]

    def _render(self, claims: Claims) -> bytes:
        states = {self._places[label]: state for label, state in claims.states().items() if label in self._places}
        pieces, done = [], 0
        for place in sorted(states):
            spot = self._spots[place]
            pieces += [self._blank[done:spot], states[place].encode()]
            done = spot + len(AVAILABLE)
        return b"".join([*pieces, self._blank[done:]])


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


def _rendered(performance_id: UUID, seats: Iterable[Seat]) -> "tuple[bytes, array[int]]":
    """The map in which every seat is available, and where in it the state of each seat is."""
    text, spots = bytearray(b'{"performance_id":"%s","seats":[' % str(performance_id).encode()), array("I")
    for seat in seats:
        head, tail = (
            orjson.dumps(part) for part in ({"label": seat.label, "zone": seat.zone}, seat.price.model_dump())
        )
        text += head[:-1] + b',"state":"'
        spots.append(len(text))
        text += AVAILABLE + b'","price":' + tail + b"},"
    return bytes(text.removesuffix(b",")) + b"]}", spots

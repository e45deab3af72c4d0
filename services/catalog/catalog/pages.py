"""What the public reads: pages rendered to JSON once and then served from memory."""

from collections.abc import Awaitable, Callable, Hashable
from uuid import UUID

from fastapi import Request, Response
from pydantic import BaseModel

from catalog import repository
from catalog.repository import Search
from catalog.schemas import ListedShow, PerformanceView, ShowView
from catalog.settings import Runtime
from chassis.errors import NotFound
from chassis.http import Page, Principal, Rendered, RenderedCache, encode_cursor

ORGANISER = "organiser"


class Pages:
    """The pages of one service instance. `clear` after a change, so that this instance shows it at once."""

    def __init__(self, runtime: Runtime) -> None:
        seconds = runtime.config.cache_seconds
        self._database = runtime.database
        self._cache = RenderedCache(seconds)
        self._public = f"public, max-age={seconds:.0f}"

    def clear(self) -> None:
        self._cache.clear()

    async def programme(self, request: Request, reader: Principal | None, search: Search) -> Response:
        return await self._serve(request, reader, search, lambda: self._render_programme(search))

    async def show(self, request: Request, reader: Principal | None, show_id: UUID) -> Response:
        return await self._serve(request, reader, ("show", show_id), lambda: self._render_show(show_id))

    async def performance(self, request: Request, reader: Principal | None, performance_id: UUID) -> Response:
        key = ("performance", performance_id)
        return await self._serve(request, reader, key, lambda: self._render_performance(performance_id))

    async def _serve(
        self, request: Request, reader: Principal | None, key: Hashable, render: Callable[[], Awaitable[Rendered]]
    ) -> Response:
        """Organisers read past the cache: what they wrote a moment ago is there, whichever instance took it."""
        if reader is not None and ORGANISER in reader.roles:
            return (await render()).response(request, "private, no-cache")
        return (await self._cache.get(key, render)).response(request, self._public)

    async def _render_programme(self, search: Search) -> Rendered:
        async with self._database.reading() as connection:
            rows = await repository.programme(connection, search)
            shown, more = rows[: search.limit - 1], len(rows) == search.limit
            ids = [row["next_performance"] for row in shown if row["next_performance"]]
            upcoming = await repository.performances_by_id(connection, ids)
        views = {key: PerformanceView.model_validate(row) for key, row in upcoming.items()}
        items = [
            ListedShow.model_validate({**row, "next_performance": views.get(row["next_performance"])}) for row in shown
        ]
        cursor = encode_cursor((shown[-1]["sort_at"], shown[-1]["id"])) if more else None
        return _rendered(Page[ListedShow](items=items, next_cursor=cursor))

    async def _render_show(self, show_id: UUID) -> Rendered:
        async with self._database.reading() as connection:
            if (show := await repository.show(connection, show_id)) is None:
                raise NotFound("There is no such show.")
            performances = await repository.upcoming_performances(connection, show_id)
        views = [PerformanceView.model_validate(row) for row in performances]
        return _rendered(ShowView.model_validate({**show, "performances": views}))

    async def _render_performance(self, performance_id: UUID) -> Rendered:
        async with self._database.reading() as connection:
            if (row := await repository.performance(connection, performance_id)) is None:
                raise NotFound("There is no such performance.")
        return _rendered(PerformanceView.model_validate(row))


def _rendered(view: BaseModel) -> Rendered:
    return Rendered.of(view.model_dump_json().encode())

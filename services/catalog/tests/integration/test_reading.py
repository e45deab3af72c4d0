"""What the public reads: the programme, a show, a performance."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event

from catalog.seed import seed
from chassis.messaging import now


async def test_the_seed_is_a_programme(seeded: Any) -> None:
    shows = (await seeded.get("/api/shows", limit=100)).json()["items"]
    assert len(shows) == 12
    starts = [datetime.fromisoformat(show["next_performance"]["starts_at"]) for show in shows]
    assert starts == sorted(starts)
    assert now() < starts[0] < starts[-1] < now() + timedelta(days=95)
    pages = [(await seeded.get(f"/api/shows/{show['id']}")).json() for show in shows]
    performances = [each for page in pages for each in page["performances"]]
    assert len(performances) == 60
    assert Counter(each["venue"] for each in performances) == {
        "The Lantern Room": 20,
        "Teatro Miramar": 20,
        "Lakeshore Arena": 20,
    }
    capacity = {
        data["venue"]: sum(row["seats"] for zone in data["zones"] for row in zone["rows"])
        for _, data in await seeded.app.published("catalog")
    }
    assert capacity == {"The Lantern Room": 40, "Teatro Miramar": 400, "Lakeshore Arena": 2000}


async def test_the_seed_is_harmless_the_second_time(seeded: Any) -> None:
    before = await seeded.app.published("catalog")
    assert Counter(kind for kind, _ in before) == {"performance.scheduled": 60}
    await seed(seeded.app.runtime("catalog"))
    assert await seeded.app.published("catalog") == before


async def test_pages_follow_each_other_without_gap_or_repetition(seeded: Any) -> None:
    everything = [show["id"] for show in (await seeded.get("/api/shows", limit=100)).json()["items"]]
    ids: list[str] = []
    query: dict[str, Any] = {"limit": 5}
    while True:
        page = (await seeded.get("/api/shows", **query)).json()
        ids += [show["id"] for show in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert ids == everything


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({"q": "lighthouse"}, {"The Glass Harbour"}),
        ({"q": "brass rai"}, {"Brass Against the Rain"}),
        ({"q": "JAZZ"}, {"Brass Against the Rain"}),
        ({"q": "?!"}, set()),
        ({"q": "glass", "city": "lisbon"}, {"The Glass Harbour"}),
        ({"q": "glass", "city": "Galway"}, set()),
        ({"city": "Nowhere"}, set()),
    ],
    ids=str,
)
async def test_shows_are_found(seeded: Any, query: dict[str, str], titles: set[str]) -> None:
    assert {show["title"] for show in (await seeded.get("/api/shows", **query)).json()["items"]} == titles


async def test_shows_are_found_by_the_date_of_a_performance(seeded: Any) -> None:
    day = (now() + timedelta(days=30)).date()
    window = {"from": day.isoformat(), "to": (day + timedelta(days=2)).isoformat()}
    found = (await seeded.get("/api/shows", **window)).json()["items"]
    dates = [datetime.fromisoformat(show["next_performance"]["starts_at"]).date() for show in found]
    assert dates
    assert all(day <= date <= day + timedelta(days=3) for date in dates)


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "x"},
        {"cursor": "WyIyMDMwIiwgMV0"},
        {"limit": 0},
        {"limit": 101},
        {"limit": "ten"},
        {"from": "soon"},
        {"to": "9999-12-31"},
        {"q": "a\x00b"},
        {"city": "\x00"},
        {"q": "x" * 101},
    ],
    ids=str,
)
async def test_bad_queries_are_refused(programme: Any, query: dict[str, Any]) -> None:
    assert (await programme.get("/api/shows", **query)).status_code == 422


async def test_what_is_not_there_is_not_found(programme: Any) -> None:
    assert (await programme.get(f"/api/shows/{uuid4()}")).status_code == 404
    assert (await programme.get(f"/api/performances/{uuid4()}")).status_code == 404
    assert (await programme.get("/api/shows/7")).status_code == 422


async def test_a_page_is_sent_again_only_when_it_has_changed(programme: Any) -> None:
    show = await programme.show()
    path = f"/api/shows/{show['id']}"
    first = await programme.get(path)
    assert first.headers["cache-control"] == "public, max-age=2"
    known = {"if-none-match": f'"other", W/{first.headers["etag"]}'}
    again = await programme.app.client.get(path, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    await programme.performance(show, await programme.venue())
    changed = await programme.app.client.get(path, headers=known)
    assert len(changed.json()["performances"]) == 1


async def test_a_crowd_makes_one_query(seeded: Any) -> None:
    [show] = (await seeded.get("/api/shows", limit=1)).json()["items"]
    statements: list[str] = []
    engine = seeded.app.runtime("catalog").database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, *_: statements.append(statement))
    responses = await asyncio.gather(*(seeded.get(f"/api/shows/{show['id']}") for _ in range(50)))
    assert {response.status_code for response in responses} == {200}
    assert len([statement for statement in statements if "FROM shows" in statement]) == 1


async def test_an_organiser_reads_past_the_cache(programme: Any) -> None:
    show = await programme.show()
    response = await programme.organiser.client.get(f"/api/shows/{show['id']}")
    assert (response.status_code, response.headers["cache-control"]) == (200, "private, no-cache")

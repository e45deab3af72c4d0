"""An organiser sees and changes what is theirs; to every other it is not there."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import text

from catalog.seed import ORGANISER_ID, TOUR
from chassis.testing import App

At = Callable[..., dict[str, Any]]


async def titles(app: App) -> list[str]:
    return [kind for kind, _ in await app.published("catalog")]


async def test_a_performance_takes_ones_own_show_and_venue(programme: Any, rival: Any, at: At) -> None:
    mine, theirs = (await programme.show(), await programme.venue()), (await rival.show(), await rival.venue())
    for show, venue in ((theirs[0], mine[1]), (mine[0], theirs[1]), theirs):
        refused = await programme.post(f"/api/shows/{show['id']}/performances", at(venue))
        assert refused.status_code == 404, refused.text
    assert await titles(programme.app) == []
    await programme.performance(*mine)
    assert await titles(programme.app) == ["performance.scheduled"]


async def test_nobody_cancels_the_performance_of_another(programme: Any, rival: Any) -> None:
    performance = await programme.performance(await programme.show(), await programme.venue())
    path = f"/api/performances/{performance['id']}/cancellation"
    assert (await rival.post(path)).status_code == 404
    assert not (await programme.get(f"/api/performances/{performance['id']}")).json()["cancelled"]
    for _ in range(2):
        assert (await programme.post(path)).status_code == 202
    assert (await rival.post(path)).status_code == 404
    assert await titles(programme.app) == ["performance.scheduled", "performance.cancelled"]


async def listed(programme: Any, **query: Any) -> Any:
    answer = await programme.organiser.client.get("/api/venues", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_an_organiser_lists_their_own_venues(programme: Any, rival: Any) -> None:
    mine = [await programme.venue() for _ in range(3)]
    theirs = await rival.venue()
    first = await listed(programme, limit=2)
    rest = await listed(programme, limit=2, cursor=first["next_cursor"])
    assert (first["items"] + rest["items"], rest["next_cursor"]) == (mine, None)
    assert (await listed(rival))["items"] == [theirs]


async def test_only_an_organiser_lists_venues(programme: Any) -> None:
    assert (await programme.get("/api/venues")).status_code == 401
    await programme.app.sign_in()
    assert (await programme.get("/api/venues")).status_code == 403


async def test_what_a_fresh_stack_has_belongs_to_its_organiser(seeded: Any, at: At) -> None:
    await seeded.organiser.sign_in(ORGANISER_ID, roles=["organiser"])
    assert {each["name"] for each in (await listed(seeded))["items"]} == {venue["name"] for venue in TOUR}


async def test_rows_that_know_no_owner_belong_to_the_seeded_organiser(programme: Any) -> None:
    """As the code of before writes them while a rolling upgrade goes on."""
    async with programme.app.runtime("catalog").database.transaction() as tx:
        for statement in (
            "INSERT INTO shows (id, title, description, genre) VALUES (gen_random_uuid(), 'T', '', 'G')",
            "INSERT INTO venues (id, name, city, country, timezone, zones)"
            " VALUES (gen_random_uuid(), 'V', 'C', 'NL', 'UTC', '[]')",
        ):
            await tx.execute(text(statement))
        owners = {
            (await tx.execute(text(f"SELECT owner_id FROM {table}"))).scalar_one()  # noqa: S608 - two names of ours
            for table in ("shows", "venues")
        }
    assert owners == {ORGANISER_ID}

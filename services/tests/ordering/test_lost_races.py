"""A request that loses a race is tried again inside: every one that writes, at every statement that writes."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from support.box_office import PRICES, VENUE, ZONES, BoxOffice
from support.organiser import in_days

LOSING = """
    CREATE SEQUENCE writes;
    CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('writes') = {turn} THEN RAISE EXCEPTION 'another was faster' USING ERRCODE = '40001'; END IF;
        RETURN NULL;
    END $$
"""
TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'")
TRIGGER = 'CREATE TRIGGER lose BEFORE INSERT OR UPDATE OR DELETE ON "{}" FOR EACH STATEMENT EXECUTE FUNCTION lose()'
STATEMENTS = 3
"""A use case here has at most about so many that write."""


async def lose(box_office: BoxOffice, service: str, turn: int) -> None:
    """The `turn`-th statement that writes in this service loses a race; the sequence counts on through rollbacks."""
    async with box_office.app.runtime(service).database.transaction() as tx:
        await tx.execute(text("DROP SEQUENCE IF EXISTS writes"))
        await tx.execute(text("DROP FUNCTION IF EXISTS lose CASCADE"))
        for statement in LOSING.format(turn=turn).split(";\n", 1):
            await tx.execute(text(statement))
        for table in (await tx.execute(TABLES)).scalars().all():
            await tx.execute(text(TRIGGER.format(table)))


async def writes(box_office: BoxOffice, service: str) -> int:
    """How many statements have written since."""
    async with box_office.app.runtime(service).database.reading() as connection:
        last = await connection.execute(text("SELECT last_value, is_called FROM writes"))
        value, called = last.one()
        return int(value) if called else 0


class Desk:
    """Requests that write, each with what it needs."""

    def __init__(self, box_office: BoxOffice) -> None:
        self.box_office, self.organiser = box_office, box_office.organiser

    async def prepare(self) -> None:
        run = await self.box_office.run()
        ada = await run.buyer("ada")
        self.performance, self.client = run.performance_id, ada.client
        self.hold = (await self.hold_seat("A1")).json()["id"]
        answer = await self.order((await self.hold_seat("A2")).json()["id"])
        self.order_id = answer.json()["id"]

    async def hold_seat(self, seat: str) -> httpx.Response:
        return await self.client.post("/api/holds", json={"performance_id": str(self.performance), "seats": [seat]})

    async def order(self, hold: str) -> httpx.Response:
        body, headers = {"hold_id": hold, "payment_token": "tok_visa"}, {"idempotency-key": uuid4().hex}
        return await self.client.post("/api/orders", json=body, headers=headers)


Request = Callable[[Desk], Awaitable[httpx.Response]]
REQUESTS: dict[str, tuple[str, Request]] = {
    "hold": ("seats", lambda desk: desk.hold_seat("A3")),
    "let go": ("seats", lambda desk: desk.client.delete(f"/api/holds/{desk.hold}")),
    "order": ("orders", lambda desk: desk.order(desk.hold)),
    "cancel": ("orders", lambda desk: desk.client.post(f"/api/orders/{desk.order_id}/cancellation")),
    "venue": ("catalog", lambda desk: desk.organiser.post("/api/venues", json={**VENUE, "zones": ZONES})),
    "show": (
        "catalog",
        lambda desk: desk.organiser.post("/api/shows", json={"title": "A", "description": "B", "genre": "C"}),
    ),
    "performance": (
        "catalog",
        lambda desk: desk.organiser.post(
            f"/api/shows/{desk.box_office.show_id}/performances",
            json={"venue_id": str(desk.box_office.venue_id), "starts_at": in_days(30), "prices": PRICES},
        ),
    ),
    "cancellation": (
        "catalog",
        lambda desk: desk.organiser.post(f"/api/performances/{desk.performance}/cancellation"),
    ),
}


@pytest.fixture
async def desk(box_office: BoxOffice) -> Desk:
    return Desk(box_office)


@pytest.mark.parametrize("what", REQUESTS)
async def test_a_request_that_loses_a_race_is_tried_again(desk: Desk, what: str) -> None:
    service, request = REQUESTS[what]
    for turn in range(1, STATEMENTS + 1):
        await desk.prepare()
        await lose(desk.box_office, service, turn)
        answer = await request(desk)
        assert answer.is_success, (turn, answer.status_code, answer.text)
        made = await writes(desk.box_office, service)
        await lose(desk.box_office, service, 0)
        if made < turn:
            break
    assert made, "nothing was written"

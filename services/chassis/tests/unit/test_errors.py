"""Every error is answered as a problem document that gives away nothing of the inside."""

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from chassis.errors import TYPE_PREFIX, NotFound, Problem, Unavailable, is_outage
from chassis.http import problems


class TooTall(Problem):
    status = 409
    slug = "too-tall"
    title = "Does not fit through the door"


class Height(BaseModel):
    centimetres: int


def refused_by_postgres(sqlstate: str) -> DBAPIError:
    return DBAPIError("SELECT 1", None, asyncpg.PostgresError.new({"C": sqlstate, "M": "no"}))


RAISED = {
    "missing": NotFound("There is no such giant."),
    "tall": TooTall("Stoop.", centimetres=231),
    "away": ConnectionRefusedError("10.0.0.7:5432 refused"),
    "bug": RuntimeError("secret detail"),
    "bad-statement": DBAPIError("SELECT secret", None, asyncpg.PostgresError("secret detail")),
    "method": HTTPException(405, headers={"allow": "GET"}),
}


@pytest.fixture
def client() -> httpx.AsyncClient:
    app = FastAPI()
    problems.install(app)

    @app.get("/raise/{name}")
    async def fail(name: str) -> None:
        raise RAISED[name]

    @app.post("/heights")
    async def measure(height: Height) -> Height:
        return height

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


async def test_a_problem_has_a_stable_type_and_its_own_members(client: httpx.AsyncClient) -> None:
    answer = await client.get("/raise/tall")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": TYPE_PREFIX + "too-tall",
        "title": "Does not fit through the door",
        "status": 409,
        "detail": "Stoop.",
        "centimetres": 231,
    }


@pytest.mark.parametrize(
    ("name", "status", "slug"),
    [
        ("missing", 404, "not-found"),
        ("away", 503, "unavailable"),
        ("bug", 500, "internal-error"),
        ("bad-statement", 500, "internal-error"),
        ("method", 405, "method-not-allowed"),
    ],
)
async def test_status_and_slug(client: httpx.AsyncClient, name: str, status: int, slug: str) -> None:
    answer = await client.get(f"/raise/{name}")
    assert (answer.status_code, answer.json()["type"]) == (status, TYPE_PREFIX + slug)
    assert "secret" not in answer.text
    assert "10.0.0.7" not in answer.text


async def test_an_outage_says_when_to_come_back(client: httpx.AsyncClient) -> None:
    assert int((await client.get("/raise/away")).headers["retry-after"]) >= 1


async def test_malformed_json_is_400_and_wrong_members_are_422(client: httpx.AsyncClient) -> None:
    json = {"content-type": "application/json"}
    malformed = await client.post("/heights", content=b'{"centimetres":', headers=json)
    wrong = await client.post("/heights", json={"centimetres": "tall"})
    assert (malformed.status_code, malformed.json()["type"]) == (400, TYPE_PREFIX + "malformed-json")
    assert (wrong.status_code, wrong.json()["errors"][0]["at"]) == (422, "body.centimetres")


@pytest.mark.parametrize("body", [b"\xff\xfe", b'{"centimetres": "\xff"}', b"[1]", b"null", b""])
async def test_no_body_is_a_server_error(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/heights", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Unavailable(), True),
        (TimeoutError(), True),
        (ConnectionResetError(), True),
        (ValueError(), False),
        (NotFound(), False),
        (refused_by_postgres("57P03"), True),  # starting up
        (refused_by_postgres("53300"), True),  # too many connections
        (refused_by_postgres("40P01"), True),  # deadlock
        (refused_by_postgres("23505"), False),  # unique violation
        (DBAPIError("SELECT 1", None, ValueError("no answer of Postgres")), False),
    ],
)
def test_what_counts_as_an_outage(error: Exception, expected: bool) -> None:
    assert is_outage(error) is expected

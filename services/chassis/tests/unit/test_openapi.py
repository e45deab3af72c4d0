"""The document is made of what routes declare, and an answer that it does not name is found."""

from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends

from chassis.errors import NotFound, Problem, Unauthenticated
from chassis.http.application import application
from chassis.http.conformance import Conformance, Undocumented, checking
from chassis.http.declared import CONDITIONAL, located, raises
from chassis.http.inputs import Id, Input, Text
from chassis.http.openapi import document
from chassis.service.service import Service, create_service


class Full(Problem):
    """No letter fits in any more; `letters` says how many there are."""

    status = 409
    slug = "box-full"
    member_schemas = {"letters": {"type": "integer"}}  # noqa: RUF012 - as services write it


class Letter(Input):
    text: Text


@raises(Unauthenticated)
async def owner() -> str:
    return "me"


Owner = Annotated[str, Depends(owner)]


def letters() -> Service:
    router = APIRouter()

    @router.get("/api/letters/{letter_id}", responses=CONDITIONAL)
    @raises(NotFound)
    async def read(letter_id: Id) -> Letter:
        raise NotFound

    @router.post("/api/letters", status_code=201, responses=located(201))
    @raises(Full)
    async def write(letter: Letter, owner: Owner) -> Letter:
        if letter.text == "undeclared":
            raise NotFound
        raise Full("Empty it.", letters=7)

    @router.get("/internal/letters", include_in_schema=False)
    async def inside() -> None:
        """For other services."""

    return create_service("letters", paths=["/api/letters", "/internal/letters"], routers=[router])


@pytest.fixture
def described() -> dict[str, Any]:
    return document([letters()])


def test_an_operation_names_every_status(described: dict[str, Any]) -> None:
    assert set(described["paths"]) == {"/api/letters", "/api/letters/{letter_id}"}
    post = described["paths"]["/api/letters"]["post"]
    get = described["paths"]["/api/letters/{letter_id}"]["get"]
    everywhere = {"400", "408", "413", "422", "502", "503", "504"}
    assert set(get["responses"]) == everywhere | {"200", "304", "404"}
    assert set(post["responses"]) == everywhere | {"201", "401", "403", "409", "415"}
    assert post["responses"]["409"]["content"] == {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Full"}}
    }
    assert "malformed-json" in post["responses"]["400"]["description"]
    assert "malformed-json" not in get["responses"]["400"]["description"]


def test_a_session_is_asked_for_where_a_dependency_does(described: dict[str, Any]) -> None:
    assert described["components"]["securitySchemes"]["session"]["name"] == "__Host-session"
    assert described["paths"]["/api/letters"]["post"]["security"] == [{"session": []}]
    assert "security" not in described["paths"]["/api/letters/{letter_id}"]["get"]


def test_problems_have_their_members(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    problem, own = schemas["Full"]["allOf"]
    assert problem == {"$ref": "#/components/schemas/Problem"}
    assert own["properties"]["letters"] == {"type": "integer"}
    assert own["properties"]["type"]["const"].endswith("/problems/box-full")
    assert schemas["Problem"]["required"] == ["type", "title", "status"]
    assert not {"HTTPValidationError", "ValidationError"} & schemas.keys()


def test_every_answer_has_its_headers(described: dict[str, Any]) -> None:
    for path in described["paths"].values():
        for operation in path.values():
            assert all("X-Served-By" in response["headers"] for response in operation["responses"].values())
            assert "Retry-After" in operation["responses"]["503"]["headers"]
    assert "Location" in described["paths"]["/api/letters"]["post"]["responses"]["201"]["headers"]
    assert "ETag" in described["paths"]["/api/letters/{letter_id}"]["get"]["responses"]["304"]["headers"]


HEADERS = {"x-served-by": "letters/test@local", "content-type": "application/problem+json"}
LETTER = "/api/letters/0197a1b2-0000-7000-8000-00000000000f"


def problem(slug: str) -> bytes:
    return b'{"type": "https://boxoffice.test/problems/%s"}' % slug.encode()


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", LETTER, 404, "not-found"),
        ("POST", "/api/letters", 409, "box-full"),
        ("PUT", "/api/letters/x/y", 404, "not-found"),
    ],
)
def test_what_is_named_passes(described: dict[str, Any], method: str, path: str, status: int, slug: str) -> None:
    Conformance(described).check(method, path, status, HEADERS, problem(slug))


@pytest.mark.parametrize(
    ("method", "path", "status", "slug", "headers"),
    [
        ("GET", LETTER, 409, "box-full", HEADERS),
        ("GET", LETTER, 500, "internal-error", HEADERS),
        ("GET", LETTER, 404, "gone", HEADERS),
        ("GET", LETTER, 404, "not-found", {"content-type": "application/problem+json"}),
        ("GET", LETTER, 404, "not-found", HEADERS | {"content-type": "application/json"}),
        ("GET", LETTER, 200, "", HEADERS | {"content-type": "application/json"}),
        ("GET", LETTER, 503, "busy", HEADERS),
        ("PUT", LETTER, 405, "method-not-allowed", HEADERS),
        ("PUT", LETTER, 404, "not-found", HEADERS),
        ("GET", "/api/elsewhere", 200, "", HEADERS),
    ],
)
def test_what_is_not_named_is_found(
    described: dict[str, Any], method: str, path: str, status: int, slug: str, headers: dict[str, str]
) -> None:
    with pytest.raises(Undocumented):
        Conformance(described).check(method, path, status, headers, problem(slug))


async def test_a_problem_that_a_route_does_not_declare_fails_a_test() -> None:
    service = letters()
    hook = checking(lambda: document([service]))
    transport = httpx.ASGITransport(_served(service), raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://test", event_hooks={"response": [hook]}
    ) as client:
        assert (await client.post("/api/letters", json={"text": "declared"})).json()["letters"] == 7
        with pytest.raises(Undocumented, match="404"):
            await client.post("/api/letters", json={"text": "undeclared"})


def _served(service: Service) -> Any:
    """The service with the header that its process adds."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def named(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-served-by", b"letters/test@local")]
            await send(message)

        await application(service)(scope, receive, named)

    return app

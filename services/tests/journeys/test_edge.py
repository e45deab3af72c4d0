"""The edge: what everybody sees of it, whichever instance answers behind it."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest

from chassis.testing import eventually
from support.customer import Customer, problem_of
from support.shapes import Performance
from support.tier import Tier

SERVED_BY = re.compile(r"(\w+)/([\w.-]+)@([\w-]+)")
API_TABLE = """
POST /api/accounts
GET /api/accounts/me
DELETE /api/accounts/me
POST /api/sessions
GET /api/sessions
DELETE /api/sessions
GET /api/sessions/current
DELETE /api/sessions/current
DELETE /api/sessions/{}
GET /api/shows
GET /api/shows/{}
GET /api/performances/{}
GET /api/performances/{}/seats
GET /api/performances/{}/seats/stream
GET /api/holds
POST /api/holds
GET /api/holds/{}
DELETE /api/holds/{}
POST /api/orders
GET /api/orders
GET /api/orders/{}
GET /api/orders/{}/history
GET /api/orders/{}/stream
POST /api/orders/{}/cancellation
GET /api/tickets
GET /api/tickets/{}
GET /api/tickets/{}/qr.svg
GET /api/notifications
GET /api/venues
POST /api/venues
POST /api/shows
POST /api/shows/{}/performances
POST /api/performances/{}/cancellation
PUT /api/accounts/me/password
POST /api/password-resets
PUT /api/password-resets/{}
POST /api/confirmations
GET /api/backstage
"""


async def test_one_document_describes_every_call(visitor: Customer) -> None:
    document = (await visitor.get("/api/openapi.json")).json()

    described = {
        f"{method.upper()} {re.sub('{[^}]+}', '{}', path)}"
        for path, methods in document["paths"].items()
        for method in methods
    }

    assert document["openapi"].startswith("3.1")
    assert described == set(API_TABLE.split("\n")) - {""}


async def test_the_document_has_a_page_to_read_it(visitor: Customer) -> None:
    page = await visitor.get("/api/docs")

    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "/api/openapi.json" in page.text
    assert page.headers["content-security-policy"] == (await visitor.get("/")).headers["content-security-policy"]
    for file in re.findall(r'(?:src|href)="(/api/[^"]+)"', page.text):
        assert (await visitor.get(file)).status_code == 200, file


async def test_what_is_no_services_says_where_it_comes_from_too(visitor: Customer) -> None:
    for method, path in (
        ("GET", "/api/docs"),
        ("GET", "/api/openapi.json"),
        ("GET", "/api/nothing"),
        ("PUT", "/api/shows"),
    ):
        assert SERVED_BY.fullmatch((await visitor.request(method, path)).headers["x-served-by"]), path


async def test_every_answer_says_which_service_made_it(customer: Customer, performance: Performance) -> None:
    paths = {
        "accounts": "/api/accounts/me",
        "catalog": "/api/shows",
        "seats": f"/api/performances/{performance.id}/seats",
        "orders": "/api/orders",
        "notifications": "/api/tickets",
    }
    for service, path in paths.items():
        answer = await customer.get(path)
        match = SERVED_BY.fullmatch(answer.headers["x-served-by"])
        assert match is not None
        assert match[1] == service


async def test_two_instances_answer_with_one_session(customer: Customer) -> None:
    seen: set[str] = set()

    async def ask() -> set[str]:
        answer = await customer.get("/api/accounts/me")
        assert answer.status_code == 200
        seen.add(answer.headers["x-served-by"])
        return seen

    await eventually(ask, lambda seen: len(seen) >= 2)


async def test_security_headers(visitor: Customer) -> None:
    for path in ("/", "/api/shows", "/api/accounts/me", "/nothing-here", "/metrics"):
        headers = (await visitor.get(path)).headers
        assert re.match(r"max-age=\d+; includeSubDomains$", headers["strict-transport-security"]), path
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
        assert not {"server", "via", "x-powered-by"} & headers.keys()


async def test_personal_answers_stay_out_of_caches(customer: Customer, performance: Performance) -> None:
    hold = await customer.hold(performance.id)
    order = await customer.order(hold)
    personal = (
        "accounts/me",
        "sessions",
        "orders",
        f"orders/{order.id}",
        f"holds/{hold.id}",
        "tickets",
        "notifications",
    )

    kept = {path: (await customer.get(f"/api/{path}")).headers.get("cache-control", "") for path in personal}

    assert set(kept.values()) == {"no-store"}


@pytest.fixture
async def plain(tier: Tier) -> AsyncIterator[httpx.AsyncClient]:
    if not tier.plain_url:
        pytest.skip("the plain port of this tier is out of reach")
    async with httpx.AsyncClient(trust_env=False, base_url=tier.plain_url) as browser:
        yield browser


async def test_plain_http_only_shows_the_way(tier: Tier, plain: httpx.AsyncClient) -> None:
    answer = await plain.get("/shows?q=moth")

    assert answer.status_code == 308
    assert answer.headers["location"] == f"{tier.url}/shows?q=moth"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_api_is_refused_without_tls(method: str, plain: httpx.AsyncClient) -> None:
    answer = await plain.request(method, "/api/shows?q=moth")

    problem = problem_of(answer, 403)
    assert SERVED_BY.fullmatch(answer.headers["x-served-by"])
    assert problem.slug == "https-required"


async def test_plain_http_leads_to_no_other_host(plain: httpx.AsyncClient) -> None:
    answer = await plain.get("/shows", headers={"host": "evil.test"})

    assert answer.status_code == 421
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/livez",
        "/readyz",
        "/metrics",
        f"/internal/holds/{UUID(int=1)}",
        f"//internal/holds/{UUID(int=1)}",
        "/api/../metrics",
        "/api/%2e%2e/metrics",
        "/%6detrics",
        "/api/internal",
        "/api/nothing",
        "/.git/config",
        "/tier.env",
        "/../../../deploy/startup/tier.env",
    ],
)
async def test_what_is_inside_stays_inside(path: str, tier: Tier) -> None:
    url = httpx.URL(tier.url)
    raw = httpx.URL(scheme=url.scheme, host=url.host, port=url.port, raw_path=path.encode())
    async with httpx.AsyncClient(trust_env=False, verify=tier.trust) as browser:
        answer = await browser.get(raw)

    assert answer.status_code == 404
    assert "holds_total" not in answer.text
    assert "python_info" not in answer.text


async def test_the_static_site(visitor: Customer) -> None:
    page = await visitor.get("/")

    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["etag"]


async def test_answers_are_compressed(visitor: Customer) -> None:
    for encoding in ("zstd", "gzip"):
        answer = await visitor.get("/api/openapi.json", headers={"accept-encoding": encoding})
        assert answer.headers["content-encoding"] == encoding


async def test_wrong_methods_are_told_so(visitor: Customer) -> None:
    for method, path in (("PUT", "/api/shows"), ("DELETE", "/api/shows"), ("PATCH", "/api/holds")):
        answer = await visitor.request(method, path)
        problem_of(answer, 405)
        options = await visitor.request("OPTIONS", path)
        assert (options.status_code, options.headers["allow"]) == (204, answer.headers["allow"])
        assert method not in answer.headers["allow"].split(", ")
    shows = await visitor.request("PUT", "/api/shows")
    assert shows.headers["allow"] == "GET, HEAD, OPTIONS, POST"


async def test_head_is_get_without_the_body(visitor: Customer, performance: Performance) -> None:
    for path in ("/api/shows", f"/api/performances/{performance.id}/seats", "/api/docs", "/api/openapi.json"):
        answer = await visitor.request("HEAD", path)
        assert (answer.status_code, answer.content) == (200, b""), path
    stream = await visitor.request("HEAD", f"/api/performances/{performance.id}/seats/stream")
    assert stream.headers["content-type"].startswith("text/event-stream")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_an_old_tls_is_refused(tier: Tier) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(tier.ca) if tier.ca else context.load_default_certs()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    url = httpx.URL(tier.url)

    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        await asyncio.open_connection(url.host, url.port or 443, ssl=context)

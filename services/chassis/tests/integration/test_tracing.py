"""With a collector, the steps of a request are spans of one trace; without one, nothing is sent and nothing is lost."""

import asyncio
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID, uuid4

import pytest
from fastapi import APIRouter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.messaging.events import Event, Received, Subscription
from chassis.observability.trace_context import current_traceparent, new_traceparent, trace_context
from chassis.observability.tracing import close_tracing, configure_tracing, span
from chassis.process.process import begin
from chassis.service.runtime import Runtime, RuntimeDep
from chassis.service.service import Service, create_service
from chassis.settings import Settings
from chassis.testing.app import App
from chassis.testing.databases import Databases
from chassis.work.worker import Worker


class Collector(ThreadingHTTPServer):
    """The least of an OTLP collector: takes traces over HTTP and keeps the spans."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.spans: list[Span] = []
        self.services: dict[str, list[str]] = {}
        """The names of the spans by `service.name` of their resource."""


class _Answer(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        request = ExportTraceServiceRequest.FromString(body)
        for each in request.resource_spans:
            attributes = {it.key: it.value.string_value for it in each.resource.attributes}
            assert attributes["service.namespace"] == "boxoffice"
            for scope in each.scope_spans:
                self.server.spans.extend(scope.spans)
                self.server.services.setdefault(attributes["service.name"], []).extend(it.name for it in scope.spans)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        configure_tracing(Settings(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{server.server_port}"))
        yield server
        close_tracing()
        server.shutdown()


def test_the_steps_of_a_request_are_one_trace(collector: Collector) -> None:
    came_in = new_traceparent()
    with trace_context(came_in), span("POST orders", "SERVER", **{"url.path": "/api/orders"}):
        inside = current_traceparent()
        with span("GET seats", "CLIENT"):
            pass
    close_tracing()
    spans = {each.name: each for each in collector.spans}
    assert set(spans) == {"POST orders", "GET seats"}
    server, client = spans["POST orders"], spans["GET seats"]
    assert server.trace_id.hex() == client.trace_id.hex() == came_in.split("-")[1]
    assert server.parent_span_id.hex() == came_in.split("-")[2]
    assert client.parent_span_id == server.span_id
    assert inside.split("-")[2] == server.span_id.hex()
    assert (server.kind, client.kind) == (Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CLIENT)


class Happened(Event, topic="things", type="thing.happened", key="id"):
    id: UUID


def _asking(name: str, asked: asyncio.Event) -> Service:
    """A service whose route and whose worker ask beta."""
    router = APIRouter()

    @router.get(f"/api/{name}")
    async def ask(runtime: RuntimeDep) -> None:
        await runtime.calls.request("beta", "GET", "/api/beta")

    def workers(runtime: Runtime) -> list[Worker]:
        async def step() -> int:
            await runtime.calls.request("beta", "GET", "/api/beta")
            asked.set()
            return 0

        return [Worker("asking", step, idle_seconds=60)]

    return create_service(name, paths=[f"/api/{name}"], routers=[router], workers=workers)


def _answering(name: str) -> Service:
    router = APIRouter()

    @router.get(f"/api/{name}")
    async def answer() -> None: ...

    async def handle(_: AsyncConnection, __: Sequence[Received[Happened]]) -> None: ...

    return create_service(
        name,
        paths=[f"/api/{name}"],
        routers=[router],
        subscriptions=lambda _: [Subscription(Happened, handle)],
    )


async def test_a_span_names_its_service_also_where_services_share_a_process(
    collector: Collector, databases: Databases, run: Callable[..., Awaitable[App]]
) -> None:
    """alpha is asked by HTTP and asks beta in process; a worker of alpha asks beta too; beta handles an event."""
    asked = asyncio.Event()
    services = _asking("alpha", asked), _answering("beta")
    for each in services:
        await databases.create(each.name, MetaData())
    app = await run(*services)
    assert (await app.client.get("/api/alpha")).status_code == 200
    [worker] = services[0].workers(app.runtime("alpha"))
    begin({worker: "alpha"})
    await asked.wait()
    await worker.stop()
    await app.deliver("beta", Happened(id=uuid4()))
    close_tracing()
    assert {service: Counter(names) for service, names in collector.services.items()} == {
        "alpha": Counter({"GET alpha": 1, "GET beta": 2}),
        "beta": Counter({"GET beta": 2, "beta handles thing.happened": 1}),
    }


def test_without_a_collector_the_trace_goes_on_as_it_came() -> None:
    came_in = new_traceparent()
    with trace_context(came_in), span("POST orders", "SERVER"):
        assert current_traceparent() == came_in

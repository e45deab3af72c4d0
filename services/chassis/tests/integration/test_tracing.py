"""With a collector, the steps of a request are spans of one trace; without one, nothing is sent and nothing is lost."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from chassis.settings import Settings
from chassis.telemetry import current_traceparent, new_traceparent, trace_context
from chassis.tracing import close_tracing, configure_tracing, span


class Collector(ThreadingHTTPServer):
    """The least of an OTLP collector: takes traces over HTTP and keeps the spans."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.spans: list[Span] = []


class _Answer(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.server.spans.extend(scope.spans)
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


def test_without_a_collector_the_trace_goes_on_as_it_came() -> None:
    came_in = new_traceparent()
    with trace_context(came_in), span("POST orders", "SERVER"):
        assert current_traceparent() == came_in

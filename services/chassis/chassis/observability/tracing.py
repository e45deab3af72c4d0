"""OpenTelemetry spans, when `OTEL_EXPORTER_OTLP_ENDPOINT` says where to send them; otherwise a span costs nothing.

The trace context itself always travels (see `trace_context.py`): a span only adds a step to it.

`service.name` is the service that does the work, also where several share a process: each has a resource, and so a
tracer provider, and all of them one exporter. Source: OpenTelemetry semantic conventions, "Service".
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING

from chassis.observability.trace_context import current_traceparent, trace_context
from chassis.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

NAMESPACE = "boxoffice"
_service: ContextVar[str] = ContextVar("service", default=NAMESPACE)
_tracing: "_Tracing | None" = None
_NO_SPAN: AbstractContextManager[None] = nullcontext()


class _Tracing:
    """Where spans go, and a provider of tracers for each service that has made one."""

    def __init__(self, settings: Settings, processor: "SpanProcessor") -> None:
        self._settings = settings
        self._providers: dict[str, TracerProvider] = {}
        self.processor = processor

    def provider(self, service: str) -> "TracerProvider":
        if service not in self._providers:
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider

            resource = Resource.create(
                {
                    "service.name": service,
                    "service.namespace": NAMESPACE,
                    "service.instance.id": self._settings.instance,
                    "service.version": self._settings.version,
                    "cloud.region": self._settings.region,
                }
            )
            self._providers[service] = TracerProvider(resource=resource)
            self._providers[service].add_span_processor(self.processor)
        return self._providers[service]


def configure_tracing(settings: Settings) -> None:
    """Send spans to the collector in the settings, if there is one."""
    global _tracing  # noqa: PLW0603 - a process has one, as it has one log
    if not settings.otlp_endpoint:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from chassis.outgoing import requests_session

    exporter = OTLPSpanExporter(f"{settings.otlp_endpoint.rstrip('/')}/v1/traces", session=requests_session())
    _tracing = _Tracing(settings, BatchSpanProcessor(exporter))


def close_tracing() -> None:
    """Send what is left and stop."""
    global _tracing  # noqa: PLW0603 - a process has one, as it has one log
    if _tracing:
        _tracing.processor.shutdown()
        _tracing = None


@contextmanager
def work_of(service: str) -> Iterator[None]:
    """What the block does, and every task that it starts, is work of this service."""
    token = _service.set(service)
    try:
        yield
    finally:
        _service.reset(token)


def span(
    name: str, kind: str = "INTERNAL", *, service: str | None = None, **attributes: str | int
) -> AbstractContextManager[None]:
    """The work of the block as a step of the current trace. `kind` is one of OpenTelemetry's, e.g. `SERVER`.

    It is work of `service`, by default of the one that the block around it works for.
    """
    return _span(_tracing, service or _service.get(), name, kind, attributes) if _tracing else _NO_SPAN


@contextmanager
def _span(tracing: _Tracing, service: str, name: str, kind: str, attributes: dict[str, str | int]) -> Iterator[None]:
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    propagator = TraceContextTextMapPropagator()
    parent = propagator.extract({"traceparent": current_traceparent()})
    tracer = tracing.provider(service).get_tracer("chassis")
    with (
        work_of(service),
        tracer.start_as_current_span(name, context=parent, kind=SpanKind[kind], attributes=attributes),
    ):
        carrier: dict[str, str] = {}
        propagator.inject(carrier)
        with trace_context(carrier["traceparent"]):
            yield

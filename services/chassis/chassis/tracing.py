"""OpenTelemetry spans, when `OTEL_EXPORTER_OTLP_ENDPOINT` says where to send them; otherwise a span costs nothing.

The trace context itself always travels (see `telemetry.py`): a span only adds a step to it.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from chassis.settings import Settings
from chassis.telemetry import current_traceparent, trace_context

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_provider: "TracerProvider | None" = None
_NO_SPAN: AbstractContextManager[None] = nullcontext()


def configure_tracing(settings: Settings) -> None:
    """Send spans to the collector in the settings, if there is one."""
    global _provider  # noqa: PLW0603 - a process has one, as it has one log
    if not settings.otlp_endpoint:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from chassis.outgoing import requests_session

    resource = Resource.create(
        {
            "service.name": "boxoffice",
            "service.instance.id": settings.instance,
            "service.version": settings.version,
            "cloud.region": settings.region,
        }
    )
    _provider = TracerProvider(resource=resource)
    _provider.add_span_processor(
        BatchSpanProcessor(
            OTLPSpanExporter(f"{settings.otlp_endpoint.rstrip('/')}/v1/traces", session=requests_session())
        )
    )


def close_tracing() -> None:
    """Send what is left and stop."""
    global _provider  # noqa: PLW0603 - a process has one, as it has one log
    if _provider:
        _provider.shutdown()
        _provider = None


def span(name: str, kind: str = "INTERNAL", **attributes: str | int) -> AbstractContextManager[None]:
    """The work of the block as a step of the current trace. `kind` is one of OpenTelemetry's, e.g. `SERVER`."""
    return _span(_provider, name, kind, attributes) if _provider else _NO_SPAN


@contextmanager
def _span(provider: "TracerProvider", name: str, kind: str, attributes: dict[str, str | int]) -> Iterator[None]:
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    propagator = TraceContextTextMapPropagator()
    parent = propagator.extract({"traceparent": current_traceparent()})
    with provider.get_tracer("chassis").start_as_current_span(
        name, context=parent, kind=SpanKind[kind], attributes=attributes
    ):
        carrier: dict[str, str] = {}
        propagator.inject(carrier)
        with trace_context(carrier["traceparent"]):
            yield

"""What a process says about itself: logs, metrics, traces, security events."""

from chassis.observability.security import Outcome, SecurityEvent, record
from chassis.observability.trace_context import batch_context

__all__ = ["Outcome", "SecurityEvent", "batch_context", "record"]

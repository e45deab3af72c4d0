"""Background work: loops that work off what is due, waiting for servers, questions asked together."""

from chassis.work.backoff import Backoff
from chassis.work.coalesce import Coalescer
from chassis.work.worker import Worker

__all__ = ["Backoff", "Coalescer", "Worker"]

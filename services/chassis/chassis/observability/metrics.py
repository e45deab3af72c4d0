"""The Prometheus metrics of a process, and the cheap counts from which its heartbeat is made."""

from bisect import bisect_left

from prometheus_client import Counter, Gauge, Histogram

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS = Histogram(
    "http_request_seconds", "Time to answer a request", ["service", "method", "status"], buckets=BUCKETS
)
IN_FLIGHT = Gauge("http_requests_in_flight", "Requests being answered", ["service"])
REJECTED = Counter("http_requests_rejected_total", "Requests answered 503 because the queue was full", ["service"])
CALLS = Histogram("service_call_seconds", "Time of a call to another service", ["service", "status"], buckets=BUCKETS)
PUBLISHED = Counter("events_published_total", "Events sent to Kafka", ["service"])
HANDLED = Counter("events_handled_total", "Events handled", ["service", "topic", "outcome"])
OUTBOX_DEPTH = Gauge("outbox_depth", "Events that wait for the relay", ["service"])
FAILED_ROUNDS = Counter("worker_failures_total", "Rounds of a background loop that failed and are repeated", ["worker"])
REWINDS = Counter("consumer_rewinds_total", "Times a consumer went back to its committed offsets", ["service"])
WAITING = Gauge("consumer_waiting_seconds", "How long the oldest event that fails has been tried", ["service"])
LAG = Gauge("consumer_lag", "Events that wait in Kafka for a consumer", ["service", "topic"])


class Answers:
    """The answers of a service by class of status and by time. `REQUESTS` tells more, and takes a hundred times as long
    to read: too long for once a second.
    """

    __slots__ = ("by_class", "by_time")

    def __init__(self) -> None:
        self.by_class = [0] * 6
        self.by_time = [0] * (len(BUCKETS) + 1)
        """How many took at most each of `BUCKETS`, but more than the one before; then those that took longer."""

    def add(self, status: int, seconds: float) -> None:
        self.by_class[status // 100] += 1
        self.by_time[bisect_left(BUCKETS, seconds)] += 1

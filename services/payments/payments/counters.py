"""What payments counts for its operators."""

from prometheus_client import Gauge

WAITING = Gauge("charges_waiting", "Charges that the provider is yet to answer; each instance tells of all")

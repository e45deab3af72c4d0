"""A service as data, and what it works with while it runs."""

from chassis.service.races import retries_lost_races
from chassis.service.runtime import Runtime, RuntimeDep, given_runtime, runtime_for
from chassis.service.service import Service, create_service, load_services

__all__ = [
    "Runtime",
    "RuntimeDep",
    "Service",
    "create_service",
    "given_runtime",
    "load_services",
    "retries_lost_races",
    "runtime_for",
]

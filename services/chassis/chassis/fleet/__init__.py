"""The state of all processes: each one's heartbeat, and the overview of all."""

from chassis.fleet.overview import backstage

__all__ = ["backstage"]

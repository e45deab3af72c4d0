"""Live updates: between processes over Redis, and to browsers as server-sent events."""

from chassis.live.broadcast import Broadcast
from chassis.live.sse import EventStream, ServerEvent
from chassis.live.streams import NoMoreStreams, TooManyStreams

__all__ = ["Broadcast", "EventStream", "NoMoreStreams", "ServerEvent", "TooManyStreams"]

"""Calls from one service to another: discovery, balancing, deadlines, retries."""

from chassis.calls.client import Calls, Reply
from chassis.calls.discovery import StaticResolver

__all__ = ["Calls", "Reply", "StaticResolver"]

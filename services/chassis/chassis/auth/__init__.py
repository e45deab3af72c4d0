"""Sign-in sessions and rate limits, shared by all instances. Nothing here knows a request."""

from chassis.auth.ratelimit import Limit, Quota, RateLimiter, TooManyRequests
from chassis.auth.sessions import Session, Sessions

__all__ = ["Limit", "Quota", "RateLimiter", "Session", "Sessions", "TooManyRequests"]

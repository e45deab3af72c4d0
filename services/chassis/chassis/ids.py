"""UUIDv7 identifiers (RFC 9562): unique without coordination, and sorted by time, which keeps index pages hot."""

import os
import time
from uuid import UUID


def uuid7() -> UUID:
    """A new id: 48 bits of milliseconds, then 74 random bits."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)

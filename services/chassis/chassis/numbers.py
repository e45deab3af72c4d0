"""Numbers that others send."""

MOST_DIGITS = 18
"""More than any size or time has, and few enough for arithmetic."""


def as_number(digits: bytes) -> int | None:
    """The number that a header holds; None where it is anything but a few ASCII digits."""
    return int(digits) if digits.isdigit() and len(digits) <= MOST_DIGITS else None

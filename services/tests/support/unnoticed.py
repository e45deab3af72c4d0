"""What people were answered while something was changed behind their back."""

from support.crowd import Crowd


def check_unnoticed(crowd: Crowd) -> None:
    """Not one request failed, and not one session ended."""
    assert crowd.failed == [], crowd.failed
    assert {each.status for each in crowd.exchanges} <= {200, 201, 202, 409}, "nobody was signed out"

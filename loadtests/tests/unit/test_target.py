"""Where a load may go, and how much has to be on sale there."""

from pathlib import Path

import pytest

from loadtests.house import FEWEST, MOST, performances_needed
from loadtests.target import BadTarget, find_target, is_here


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("https://localhost:8443", True),
        ("http://127.0.0.2", True),
        ("https://[::1]:9", True),
        ("https://192.0.2.1", False),
    ],
)
def test_loopback_is_here(url: str, here: bool) -> None:
    assert is_here(url) is here


def test_elsewhere_only_when_the_user_says_so() -> None:
    environment = {"BOXOFFICE_CA": "/ca.crt", "BOXOFFICE_ORGANISER_PASSWORD": "secret"}
    with pytest.raises(BadTarget, match="REMOTE=1"):
        find_target("https://192.0.2.1", remote=False, environment=environment)
    target = find_target("https://192.0.2.1/", remote=True, environment=environment)
    assert (target.url, target.ca) == ("https://192.0.2.1", Path("/ca.crt"))
    assert target.organiser == ("organiser@boxoffice.test", "secret")
    assert "secret" not in repr(target)


def test_there_are_seats_for_the_whole_run() -> None:
    assert performances_needed(10, 10, None) == FEWEST
    assert performances_needed(400, 600, None) == 58
    assert performances_needed(50, None, 100.0) == 18
    assert performances_needed(100_000, 3600, None) == MOST

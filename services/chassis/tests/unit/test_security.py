"""Security events: a closed list, which every refusal belongs to and the documents know."""

import logging
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from chassis.errors import Problem
from chassis.observability.security import Outcome, SecurityEvent, loggable, network_of, record, set_account, set_scene
from chassis.service.service import load_services

REPOSITORY = Path(__file__).parents[4]


def kinds(problem: type[Problem] = Problem) -> Iterator[type[Problem]]:
    yield problem
    for each in problem.__subclasses__():
        yield from kinds(each)


def test_every_refusal_is_a_security_event() -> None:
    load_services(["all"])
    refusals = {each.__name__: each.security for each in kinds() if each.status in (401, 403, 421, 429)}
    assert {"WrongCredentials", "Forbidden", "CrossOrigin", "TooManyRequests", "Unauthenticated"} <= refusals.keys()
    assert [name for name, event in refusals.items() if event is None] == []


def test_the_documents_know_every_event() -> None:
    text = (REPOSITORY / "docs/observability.md").read_text()
    assert [event for event in SecurityEvent if f"`{event}`" not in text] == []


def test_a_line_says_who_did_what_where(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "security")
    account = uuid4()
    set_scene("orders", "orders-1", "2001:db8:1:2:3::4")
    set_account(account)
    record(SecurityEvent.ACCESS, Outcome.REFUSED, reason="forbidden", route="POST /api/venues")
    [line] = [each.security for each in caplog.records]  # type: ignore[attr-defined]
    assert line == {
        "event": "access",
        "outcome": "refused",
        "account_id": str(account),
        "reason": "forbidden",
        "route": "POST /api/venues",
        "service": "orders",
        "instance": "orders-1",
        "network": "2001:db8:1::/48",
    }
    set_scene("orders", "orders-1", "")
    record(SecurityEvent.POLICY, Outcome.REFUSED)
    assert "account_id" not in caplog.records[-1].security, "the next request is another's"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("remote", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8::1", "2001:db8::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", ""),
        ("ann@example.com", ""),
        ("203.0.113.77, 1.2.3.4", ""),
    ],
)
def test_a_client_is_its_network(remote: str, network: str) -> None:
    assert network_of(remote) == network


def test_secrets_of_links_stay_out_of_logs() -> None:
    assert loggable(f"/api/password-resets/{'A' * 54}") == "/api/password-resets/…"
    assert loggable(f"/api/orders/{uuid4()}/history").endswith("/history")
    assert "…" not in loggable(f"/api/orders/{uuid4()}/history")

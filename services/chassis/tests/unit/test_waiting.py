"""Waiting for a server says once which and where, and lets other errors through."""

import logging

import pytest

from chassis.errors import Unavailable
from chassis.work import waiting
from chassis.work.backoff import Backoff
from chassis.work.waiting import until_available


@pytest.fixture(autouse=True)
def _no_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PAUSES", Backoff(0.0, 0.0))


async def test_it_tries_until_the_server_is_there(caplog: pytest.LogCaptureFixture) -> None:
    outcomes: list[Exception | str] = [Unavailable("refused"), Unavailable("refused"), Unavailable("sealed"), "here"]

    async def attempt() -> str:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    with caplog.at_level(logging.WARNING, logger="chassis.work.waiting"):
        assert await until_available("vault at http://v:8200", attempt) == "here"
    assert caplog.messages == [
        "waiting for vault at http://v:8200: refused",
        "waiting for vault at http://v:8200: sealed",
        "vault at http://v:8200 is available again",
    ]


async def test_a_mistake_is_not_waited_for() -> None:
    async def attempt() -> None:
        raise KeyError("typo")

    with pytest.raises(KeyError):
        await until_available("vault", attempt)

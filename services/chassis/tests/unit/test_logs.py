"""The log says what happened, and not to whom."""

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest

from chassis.observability.logging import configure_logging
from chassis.settings import Settings

POSTGRES = "duplicate key\nDETAIL:  Key (email, name)=(ada@example.org, Ada) already exists."


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a process says, which is otherwise its standard output."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "stdout", stream)
    configure_logging(Settings())
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize(
    "text",
    [
        "550 <ada@example.org>: no such user",
        "Key (email)=(ada@example.org) already exists",
        "postgresql://ada@example.org:5432/accounts",
        "mailto:ada@example.org",
        '{"email":"ada@example.org"}',
        POSTGRES,
    ],
)
def test_an_address_stays_out_of_the_log(said: io.StringIO, text: str) -> None:
    log = logging.getLogger("some.library")
    log.warning(text)
    log.warning("with %s", text)
    log.warning("more", extra={"reason": text})
    try:
        int(text)
    except ValueError:
        log.exception("failed")
    lines = said.getvalue().splitlines()
    assert len(lines) == 4
    assert all(json.loads(line) for line in lines)
    assert "ada@" not in said.getvalue()
    assert "(email, name)=" not in said.getvalue()


def test_what_is_no_address_stays(said: io.StringIO) -> None:
    logging.getLogger("chassis").info("served by orders/app-1@local, in 5 ms")
    assert json.loads(said.getvalue())["event"] == "served by orders/app-1@local, in 5 ms"


@pytest.mark.parametrize("text", ["two\nlines", "\x00", "half a character: \ud800", "\u2028"])
def test_whatever_a_line_says_it_is_json(said: io.StringIO, text: str) -> None:
    logging.getLogger("chassis").error("failed", extra={"reason": text})
    assert json.loads(said.getvalue())["reason"] == text
    assert said.getvalue().count("\n") == 1

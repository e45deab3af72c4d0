"""Bodies: whole before any work begins, bounded in size and time, and read on behind a refusal."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from chassis.http import bodies
from chassis.http.bodies import Body, ClientLeft, TooLarge, TooSlow
from chassis.numbers import as_number

CHUNKED = {b"transfer-encoding": b"chunked"}
START = {"type": "http.response.start", "status": 413, "headers": []}


class Client:
    """Sends `chunks`, then goes on sending nothing or leaves; keeps what it is answered."""

    def __init__(self, *chunks: bytes, ends: bool = True, leaves: bool = False) -> None:
        self.answers: list[dict[str, Any]] = []
        self.left = list(chunks)
        self._ends, self._leaves = ends, leaves

    async def receive(self) -> dict[str, Any]:
        if not self.left:
            if not self._leaves:
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}
        chunk = self.left.pop(0)
        more = bool(self.left) or not self._ends
        return {"type": "http.request", "body": chunk, "more_body": more}

    async def send(self, message: Any) -> None:
        self.answers.append(message)

    def body(self, headers: dict[bytes, bytes]) -> Body:
        return Body(headers, self.receive, self.send)


def closes(answers: Iterable[dict[str, Any]]) -> bool:
    return any((b"connection", b"close") in answer.get("headers", ()) for answer in answers)


async def test_a_body_in_chunks_arrives_as_one() -> None:
    client = Client(b"12345", b"67890")
    receive = await client.body(CHUNKED).read(most=10, seconds=1)
    assert await receive() == {"type": "http.request", "body": b"1234567890", "more_body": False}


async def test_a_body_without_a_length_is_bounded_too() -> None:
    with pytest.raises(TooLarge):
        await Client(b"12345", b"67890", b"1").body(CHUNKED).read(most=10, seconds=1)


async def test_a_body_has_its_time() -> None:
    with pytest.raises(TooSlow):
        await Client(b"1", ends=False).body({b"content-length": b"2"}).read(most=10, seconds=0.01)


async def test_a_client_that_leaves_in_the_middle_gets_no_answer() -> None:
    with pytest.raises(ClientLeft):
        await Client(b"1", ends=False, leaves=True).body({b"content-length": b"2"}).read(most=10, seconds=1)


@pytest.mark.parametrize("headers", [{}, {b"content-length": b"0"}])
async def test_a_request_without_a_body_is_not_waited_for(headers: dict[bytes, bytes]) -> None:
    client = Client()
    body = client.body(headers)
    await asyncio.wait_for(body.read(most=10, seconds=60), 1)
    await asyncio.wait_for(body.send(dict(START)), 1)
    assert not closes(client.answers)


async def test_a_refusal_comes_when_the_client_has_sent_all() -> None:
    client = Client(*[b"x" * 1000] * 50)
    await client.body(CHUNKED).send(dict(START))
    assert not client.left
    assert not closes(client.answers)


async def test_a_refusal_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LINGER_SECONDS", 0.01)
    client = Client(b"x", ends=False)
    await client.body(CHUNKED).send(dict(START))
    assert closes(client.answers)


async def test_a_refusal_does_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LINGER_BYTES", 5000)
    client = Client(*[b"x" * 1000] * 50)
    await client.body(CHUNKED).send(dict(START))
    assert len(client.left) == 45
    assert closes(client.answers)


async def test_a_client_that_asks_before_it_sends_is_answered_at_once() -> None:
    client = Client(b"x", ends=False)
    await asyncio.wait_for(client.body({b"content-length": b"9", b"expect": b"100-continue"}).send(dict(START)), 1)
    assert client.left
    assert closes(client.answers)


@pytest.mark.parametrize("text", [b"", b"-1", b"+1", b"1_0", b" 1", b"0x1", b"1e3", b"9" * 320, "٣".encode(), b"\xb2"])
def test_what_is_no_number_of_few_digits_is_none(text: bytes) -> None:
    assert as_number(text) is None

"""Rendered answers: shared by those who come together, kept for a while, compared by tag."""

import asyncio

import pytest
from fastapi import Request

from chassis.http.cache import Rendered, RenderedCache, etag_of


class Renderer:
    """Counts how often it is asked; answers when `gate` is open."""

    def __init__(self) -> None:
        self.calls = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def __call__(self) -> Rendered:
        self.calls += 1
        number, error = self.calls, self.error
        await self.gate.wait()
        if error:
            raise error
        return Rendered.of(b"%d" % number)


@pytest.fixture
def renderer() -> Renderer:
    return Renderer()


def asking(tag: str) -> Request:
    return Request({"type": "http", "headers": [(b"if-none-match", tag.encode())]})


async def test_a_crowd_shares_one_answer(renderer: Renderer) -> None:
    cache = RenderedCache(60)
    answers = await asyncio.gather(*(cache.get("a", renderer) for _ in range(20)))
    assert {answer.body for answer in answers} == {b"1"}
    assert (await cache.get("a", renderer)).body == b"1"
    assert (await cache.get("b", renderer)).body == b"2"


async def test_an_answer_that_is_too_old_is_made_again(renderer: Renderer) -> None:
    cache = RenderedCache(-1)
    assert [(await cache.get("a", renderer)).body for _ in range(2)] == [b"1", b"2"]


async def test_after_a_change_nobody_gets_an_answer_begun_before(renderer: Renderer) -> None:
    cache = RenderedCache(60)
    renderer.gate.clear()
    before = asyncio.create_task(cache.get("a", renderer))
    await asyncio.sleep(0)
    cache.clear()
    after = asyncio.create_task(cache.get("a", renderer))
    await asyncio.sleep(0)
    renderer.gate.set()
    assert [(await before).body, (await after).body] == [b"1", b"2"]
    assert (await cache.get("a", renderer)).body == b"2"


async def test_a_failure_is_not_kept(renderer: Renderer) -> None:
    cache = RenderedCache(60)
    renderer.error = LookupError("gone")
    for outcome in await asyncio.gather(*(cache.get("a", renderer) for _ in range(3)), return_exceptions=True):
        assert isinstance(outcome, LookupError)
    assert renderer.calls == 1
    renderer.error = None
    assert (await cache.get("a", renderer)).body == b"2"


async def test_one_who_leaves_does_not_take_the_answer_along(renderer: Renderer) -> None:
    cache = RenderedCache(60)
    renderer.gate.clear()
    leaving = asyncio.create_task(cache.get("a", renderer))
    staying = asyncio.create_task(cache.get("a", renderer))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.sleep(0)
    renderer.gate.set()
    assert (await staying).body == b"1"


async def test_the_oldest_answer_makes_room(renderer: Renderer) -> None:
    cache = RenderedCache(60, capacity=2)
    for key in "abc":
        await cache.get(key, renderer)
    assert (await cache.get("c", renderer)).body == b"3"
    assert (await cache.get("a", renderer)).body == b"4"


@pytest.mark.parametrize(("tag", "status"), [("{etag}", 304), ('"x", W/{etag}', 304), ("*", 304), ('"x"', 200)])
def test_what_the_caller_has_is_not_sent_again(tag: str, status: int) -> None:
    rendered = Rendered.of(b"body")
    response = rendered.response(asking(tag.format(etag=rendered.etag)), "public")
    assert (response.status_code, response.body) == (status, b"body" if status == 200 else b"")
    assert (response.headers["etag"], response.headers["cache-control"]) == (rendered.etag, "public")


def test_tags_tell_states_apart() -> None:
    assert etag_of(b"ab", b"c") != etag_of(b"a", b"bc")
    assert etag_of(b"a") == etag_of(b"a")

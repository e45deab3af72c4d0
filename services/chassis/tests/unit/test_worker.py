"""A worker does rounds while there is work, sleeps while there is none, and survives its failures."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from chassis.work import worker as module
from chassis.work.backoff import Backoff
from chassis.work.worker import Worker


async def test_rounds_follow_each_other_while_there_is_work() -> None:
    rounds = [3, 2, 0]
    done = asyncio.Event()

    async def step() -> int:
        handled = rounds.pop(0)
        if not rounds:
            done.set()
        return handled

    worker = Worker("test", step, idle_seconds=60)
    worker.start()
    await asyncio.wait_for(done.wait(), 2)
    await worker.stop()
    assert rounds == []


async def test_a_sleeping_worker_can_be_woken() -> None:
    calls = asyncio.Semaphore(0)

    async def step() -> int:
        calls.release()
        return 0

    worker = Worker("test", step, idle_seconds=60)
    worker.start()
    await asyncio.wait_for(calls.acquire(), 2)
    worker.wake()
    await asyncio.wait_for(calls.acquire(), 2)
    await worker.stop()


async def test_a_failed_round_is_counted_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSES", Backoff(0.0, 0.0))
    outcomes = [ConnectionError("away"), ValueError("bug"), asyncio.CancelledError(), None]  # a library's own
    done = asyncio.Event()

    async def step() -> int:
        if outcomes and (error := outcomes.pop(0)):
            raise error
        done.set()
        return 0

    worker = Worker("unlucky", step, idle_seconds=60)
    worker.start()
    await asyncio.wait_for(done.wait(), 2)
    await worker.stop()
    assert REGISTRY.get_sample_value("worker_failures_total", {"worker": "unlucky"}) == 3


async def test_stopping_lets_the_round_under_way_finish() -> None:
    started, may_finish, finished = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def step() -> int:
        started.set()
        await may_finish.wait()
        finished.set()
        return 1

    worker = Worker("test", step)
    worker.start()
    await started.wait()
    stopping = asyncio.create_task(worker.stop())
    await asyncio.sleep(0)
    may_finish.set()
    await asyncio.wait_for(stopping, 2)
    assert finished.is_set()

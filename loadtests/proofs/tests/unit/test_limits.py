"""Less CPU for a process."""

import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from loadtests.proofs.limits import Allowance, cpu_seconds, limited


@pytest.fixture
def busy() -> Iterator[list[int]]:
    """Two processes that take all the CPU that they get."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    yield [process.pid for process in processes]
    for process in processes:
        process.kill()
        process.wait()


def test_a_process_gets_its_share_and_no_more(busy: list[int]) -> None:
    """Compared with its twin, which is as fast as the machine lets it be."""
    limited_one = busy[0]
    with limited([limited_one], 0.005, containers=False):
        before = [cpu_seconds(pid) for pid in busy]
        while (other := cpu_seconds(busy[1]) - before[1]) < 0.5:
            time.sleep(0.05)
        mine = cpu_seconds(limited_one) - before[0]

    assert mine < other / 2
    assert psutil.Process(limited_one).status() != psutil.STATUS_STOPPED, "it is let go afterwards"


def test_little_can_be_saved_up_and_nothing_is_forgiven() -> None:
    allowance = Allowance(0.1, now=0.0, used=0.0)

    assert allowance.has_some(now=100.0, used=0.0)
    assert not allowance.has_some(now=100.0, used=0.05)  # more than was saved
    assert not allowance.has_some(now=100.2, used=0.05)
    assert allowance.has_some(now=100.4, used=0.05)

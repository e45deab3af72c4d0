"""One line a while that says how a run goes."""

import time
from typing import Any

import gevent

EVERY = 2.0


def show_progress(runner: Any) -> None:
    """Print for as long as the run goes on. `runner` is locust's, of the process that leads."""
    began = time.monotonic()
    while True:
        gevent.sleep(EVERY)
        total = runner.stats.total
        p95 = total.get_current_response_time_percentile(0.95)
        print(line(time.monotonic() - began, runner.user_count, total.current_rps, p95, total.num_failures), flush=True)


def line(seconds: float, users: int, rate: float, p95: float | None, failed: int) -> str:
    """`rate` and `p95` (ms) are of the last ten seconds, `failed` is of the whole run."""
    late = "     -   " if p95 is None else f"{p95:6.0f} ms"
    return f"  {seconds:5.0f} s  {users:5} users  {rate:7.1f} requests/s   95% within {late}   {failed:5} failed"

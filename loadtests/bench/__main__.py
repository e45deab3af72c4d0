"""`make bench`: what the chassis and the whole tier do on this machine, next to bare references and to the goals.

Brings the startup tier up when it is not. Absolute figures belong to the machine and the moment; the ratios are
measured side by side in one run and travel better. Nothing here decides a test.
"""

import json
import logging
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

import psutil
import uvloop

from engines.choice import choose
from engines.local.ports import free_port
from engines.protocol import Engine, Up
from engines.web import DIRECT
from loadtests.bench import calls, events, load, orders
from loadtests.cpu import cpu_by_process, cpu_seconds

ROUNDS = 5


def main() -> None:
    """Measure everything, one after the other."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    engine = choose("local").engine
    tier = engine.up("startup", lambda *_: None)
    print(f"{psutil.cpu_count()} cores, load {psutil.getloadavg()[0]:.1f} before; goals are in brackets\n")
    with _bare_server() as bare:
        _report_page_views(engine, tier, bare)
        _report_calls(bare)
    _report_events()
    _report_orders(engine, tier)


def _report_page_views(engine: Engine, tier: Up, bare: int) -> None:
    """A signed-in look at a show on one instance, against a route that does nothing."""
    app = next(row for row in engine.status() if row.role == "app")
    assert app.port is not None
    cookie, show = _sign_in_to(app.port, tier)
    reference, page = load.get("/shows/1"), load.get(f"/api/shows/{show}", {"Cookie": cookie})
    pairs = []
    for _ in range(ROUNDS):
        before = cpu_seconds(app)
        mine = uvloop.run(load.run(app.port, page))
        spent = (cpu_seconds(app) - before) / mine.answered * 1000
        if mine.failed:
            raise SystemExit(f"{mine.failed} of {mine.answered + mine.failed} page views failed")
        pairs.append((mine.per_second, uvloop.run(load.run(bare, reference)).per_second, spent))
    ratio = statistics.median(mine / other for mine, other, _ in pairs)
    mine, other, spent = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"signed-in GET /api/shows/{{id}}, one instance   {mine:6.0f}/s   {spent:.2f} CPU-ms each")
    print(f"  a bare FastAPI route                        {other:6.0f}/s   ratio {ratio:.2f}   [>= 0.45]\n")


def _report_calls(bare: int) -> None:
    """A call over HTTP by the chassis, plain httpx and aiohttp."""
    rates = uvloop.run(calls.measure(bare, rounds=ROUNDS))
    mine = rates["chassis"]
    print(f"service call over HTTP, by the chassis        {mine.per_second:6.0f}/s   {_cost(mine)}")
    for name, goal in (("httpx", 3), ("aiohttp", 0.55)):
        other = rates[name]
        ratio = mine.per_second / other.per_second
        print(f"  by {name:<8}                                 {other.per_second:6.0f}/s   {_cost(other)}   ", end="")
        print(f"ratio {ratio:.2f}   [>= {goal}]")
    print()


def _cost(rate: calls.Rate) -> str:
    return f"{rate.cpu_microseconds:4.0f} CPU-us each"


def _report_events() -> None:
    print(f"events from log to inbox, relay + consumer    {uvloop.run(events.measure()):6.0f}/s   [>= 5000]\n")


def _report_orders(engine: Engine, tier: Up, count: int = 1500) -> None:
    """Orders through the edge of the whole tier, and what each of its processes spent on one."""
    before = cpu_by_process(engine.status())
    own = time.process_time()
    outcome = uvloop.run(orders.measure(tier.url, *tier.logins["customer"], orders=count))
    own = time.process_time() - own
    after = cpu_by_process(engine.status())
    spent = {name: (after[name] - before[name]) / count * 1000 for name in before}
    print(f"orders from 202 to confirmed, whole tier      {outcome.per_second:6.0f}/s   [>= 60, aim 150]")
    print(f"  ended {dict(outcome.statuses)}, other answers {dict(outcome.errors)}")
    parts = ", ".join(f"{name} {value:.1f}" for name, value in spent.items())
    print(f"  CPU-ms an order: {sum(spent.values()):.1f} ({parts}), the buyers {own / count * 1000:.1f}")


@contextmanager
def _bare_server() -> Iterator[int]:
    port = free_port()
    with subprocess.Popen([sys.executable, str(Path(__file__).with_name("bare.py")), str(port)]) as server:
        try:
            _await_answer(f"http://127.0.0.1:{port}/shows/1")
            yield port
        finally:
            server.terminate()


def _await_answer(url: str, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            with DIRECT.open(url):
                return
        except URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _sign_in_to(port: int, tier: Up) -> tuple[str, str]:
    """The cookie of a session, and the id of a show, asked of one instance without the edge."""
    email, password = tier.logins["customer"]
    body = json.dumps({"email": email, "password": password}).encode()
    base = f"http://127.0.0.1:{port}"
    login = urllib.request.Request(f"{base}/api/sessions", body, {"content-type": "application/json"})  # noqa: S310
    with DIRECT.open(login) as answer:
        cookie = answer.headers["set-cookie"].split(";")[0]
    with DIRECT.open(f"{base}/api/shows?limit=1") as answer:
        return cookie, json.load(answer)["items"][0]["id"]


if __name__ == "__main__":
    main()

"""What the people do when a tier is full, or loses an answer: on a small server that does so on purpose."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest

from loadtests.runs import Load

SEATS = [{"label": f"A{n}", "state": "sold" if n < 3 else "available"} for n in range(1, 9)]


@dataclass
class Shop:
    """Answers one order with 503 first, breaks the connection after the second try, and takes the third."""

    url: str = ""
    orders: list[tuple[str, bytes]] = field(default_factory=list)
    """Idempotency-Key and body of each try."""
    holds: list[list[str]] = field(default_factory=list)
    cookies: set[str] = field(default_factory=set)
    traces: set[str] = field(default_factory=set)

    def answer(self, method: str, path: str, body: bytes, key: str) -> tuple[int, object] | None:
        """Status and body; None breaks the connection."""
        if path == "/api/orders" and method == "POST":
            self.orders.append((key, body))
            return {1: (503, {}), 2: None}.get(len(self.orders), (202, {"id": "order-1", "status": "placed"}))
        if path == "/api/holds":
            self.holds.append(json.loads(body)["seats"])
            return (409, {}) if len(self.holds) == 1 else (201, {"id": f"hold-{len(self.holds)}"})
        answers: dict[str, tuple[int, object]] = {
            "/api/accounts": (201, {}),
            "/api/sessions": (201, {}),
            "/api/shows": (200, {"items": [{"id": "show-1"}]}),
            "/api/shows/show-1": (200, {"performances": [{"id": "one", "sold_out": False, "cancelled": False}]}),
            "/api/performances/one/seats": (200, {"seats": SEATS}),
            "/api/orders/order-1": (200, {"status": "confirmed"}),
        }
        return answers.get(path, (200, {"items": []}))


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            shop.cookies.add(self.headers.get("cookie", ""))
            shop.traces.add(self.headers.get("traceparent", "")[3:35])
            key = self.headers.get("idempotency-key", "")
            answer = shop.answer(self.command, self.path.partition("?")[0], body, key)
            if answer is None:
                self.close_connection = True
                return
            status, content = answer
            text = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.send_header("x-served-by", "shop/app-1@test")
            self.send_header("set-cookie", "__Host-session=token; Path=/; Secure")
            if status == 503:
                self.send_header("retry-after", "0")
            self.end_headers()
            self.wfile.write(text)

        do_POST = do_GET  # noqa: N815 - the name is given

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        shop.url = f"http://127.0.0.1:{server.server_address[1]}"
        Thread(target=server.serve_forever, daemon=True).start()
        yield shop
        server.shutdown()


@pytest.mark.timeout(120)
def test_a_buyer_comes_back_and_orders_once(shop: Shop, tmp_path: Path) -> None:
    with Load.start(
        url=shop.url, ca=None, folder=tmp_path, users=1, classes=["Buyer"], think=0.02, people=tmp_path / "people"
    ) as load:
        load.until_running()
        deadline = monotonic() + 60
        while not any(order.is_over for order in load.orders()) and monotonic() < deadline:
            sleep(0.05)
        load.stop()
        requests, orders = load.requests(), load.orders()

    tried = [each for each in requests if each.name == "/api/orders" and each.method == "POST"][:3]
    assert [each.status for each in tried] == [503, 0, 202]
    assert [bool(each.error) for each in tried] == [False, True, False], "a polite 503 is no failure, silence is"
    assert len({key for key, _ in shop.orders[:3]}) == len({body for _, body in shop.orders[:3]}) == 1
    assert [each.error for each in requests if each.status == 409] == [""]
    assert {(order.id, order.status) for order in orders} == {("order-1", "confirmed")}
    assert not {"A1", "A2"} & {seat for seats in shop.holds for seat in seats}, "sold seats are seen on the map"
    assert "__Host-session=token" in shop.cookies
    assert {each.trace for each in requests} <= shop.traces
    assert {each.instance for each in requests if each.status} == {"app-1"}
    assert load.cpu_seconds() > 0

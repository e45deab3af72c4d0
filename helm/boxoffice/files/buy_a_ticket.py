"""Buy a ticket as a browser would, and say so. Run by `helm test`; needs nothing but Python.

    python buy_a_ticket.py https://boxoffice-edge shop.example

The first argument is the edge as seen from inside, the second the name that it is known by outside. The certificate is
not checked: what is tested is the box office, and inside the cluster nothing has that name.
"""

import http.client
import json
import socket
import ssl
import sys
import time
import uuid
from typing import Any
from urllib.parse import urlsplit

SECONDS = 60.0


class Tls(http.client.HTTPSConnection):
    """Says another name than that of the machine it connects to."""

    def __init__(self, host: str, port: int, name: str) -> None:
        self._trust = ssl.create_default_context()
        self._trust.check_hostname, self._trust.verify_mode = False, ssl.CERT_NONE
        self._name = name
        super().__init__(host, port, timeout=SECONDS, context=self._trust)

    def connect(self) -> None:
        plain = socket.create_connection((self.host, self.port), timeout=SECONDS)
        self.sock = self._trust.wrap_socket(plain, server_hostname=self._name)


class Edge:
    """One keep-alive connection to the edge, and the cookie that it sets."""

    def __init__(self, address: str, domain: str) -> None:
        parts = urlsplit(address)
        self._domain = domain
        self._cookie = ""
        self._http: http.client.HTTPConnection
        if parts.scheme == "https":
            self._http = Tls(str(parts.hostname), parts.port or 443, domain)
        else:
            self._http = http.client.HTTPConnection(str(parts.hostname), parts.port or 80, timeout=SECONDS)

    def __call__(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """The JSON that the edge answers; ends the program when that is not a success."""
        sent = {"host": self._domain, "origin": f"https://{self._domain}", "cookie": self._cookie, **headers}
        if body is not None:
            sent["content-type"] = "application/json"
        self._http.request(method, path, json.dumps(body) if body is not None else None, sent)
        answer = self._http.getresponse()
        text = answer.read()
        if answer.status >= 400:
            sys.exit(f"{method} {path}: {answer.status} {text[:300]!r}")
        if cookie := answer.headers.get("set-cookie"):
            self._cookie = cookie.partition(";")[0]
        print(f"{method} {path}: {answer.status} from {answer.headers.get('x-served-by')}")
        return json.loads(text)


def main() -> None:
    edge = Edge(sys.argv[1], sys.argv[2])
    login = {"email": f"helm-test-{uuid.uuid4().hex}@example.test", "password": uuid.uuid4().hex}
    edge("POST", "/api/accounts", {**login, "name": "Helm Test", "country": "IE"})
    edge("POST", "/api/sessions", login)

    performance, seat = a_free_seat(edge)
    hold = edge("POST", "/api/holds", {"performance_id": performance, "seats": [seat]})
    body = {"hold_id": hold["id"], "payment_token": "tok_visa"}
    order = edge("POST", "/api/orders", body, **{"idempotency-key": uuid.uuid4().hex})

    deadline = time.monotonic() + SECONDS
    while order["status"] in ("placed", "paid"):
        if time.monotonic() > deadline:
            sys.exit(f"the order is still {order['status']} after {SECONDS:.0f} s")
        time.sleep(0.5)
        order = edge("GET", f"/api/orders/{order['id']}")
    if order["status"] != "confirmed":
        sys.exit(f"the order was {order['status']}")
    while not (tickets := edge("GET", "/api/tickets")["items"]):
        if time.monotonic() > deadline:
            sys.exit("the order is confirmed and there is no ticket")
        time.sleep(0.5)
    print(f"bought seat {tickets[0]['seat']} for {tickets[0]['show']}")


def a_free_seat(edge: Edge) -> tuple[str, str]:
    """The first free seat of the programme: (performance, label)."""
    for show in edge("GET", "/api/shows?limit=50")["items"]:
        if not show.get("next_performance"):
            continue
        performance = show["next_performance"]["id"]
        for seat in edge("GET", f"/api/performances/{performance}/seats")["seats"]:
            if seat["state"] == "available":
                return performance, seat["label"]
    sys.exit("nothing is on sale: is the release seeded (migrations.seed)?")


if __name__ == "__main__":
    main()

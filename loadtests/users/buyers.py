"""People who buy tickets, from the seat map to the end of the order."""

import time
from uuid import uuid4

import gevent
from locust import task

from loadtests.record import OVER, Order, values_of
from loadtests.stage import SeatMap
from loadtests.users.shopper import Answer, Shopper

TOKENS = ("tok_visa",) * 16 + ("tok_flaky",) * 2 + ("tok_declined", "tok_slow")
SEATS = (1, 2, 2, 2, 3, 4)
WISHES = 3
"""How often somebody tries other seats before they give up for now."""
ANSWER_SECONDS = 60.0
"""How long somebody repeats an order whose answer was lost, and follows one that was taken."""
FIRST_LOOK, LONGEST_LOOK = 0.15, 1.0
CONFLICT = (409,)


class Customer(Shopper):
    """Somebody with an account, signed in."""

    abstract = True

    def on_start(self) -> None:
        self.sign_in(self.stage.somebody())

    def seat_map(self, performance: str) -> SeatMap | None:
        answer = self.read(f"/api/performances/{performance}/seats", name="/api/performances/{id}/seats")
        if answer.status != 200:
            return None
        return self.stage.seat_map(performance, answer.headers.get("etag", ""), answer.body)

    def hold(self, performance: str, seats: list[str]) -> str | None:
        """The id of the hold; None when somebody else was faster."""
        body = {"performance_id": performance, "seats": seats}
        answer = self.ask("POST", "/api/holds", body=body, fine=CONFLICT)
        return str(answer.json()["id"]) if answer.status == 201 else None

    def order(self, performance: str, hold: str, token: str) -> None:
        """Order what is held, and see how it ends."""
        with self.finishing():
            answer = self._until_answered({"hold_id": hold, "payment_token": token})
            if answer.status == 202:
                began = time.time()
                self._follow(Order(began, answer.json()["id"], "", 0.0, performance, answer.trace))

    def _until_answered(self, body: dict[str, str]) -> Answer:
        """The answer to an order. One that is lost is asked for again, with the same key: it stays one order."""
        key = {"Idempotency-Key": uuid4().hex}
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            answer = self.ask("POST", "/api/orders", body=body, headers=key, fine=CONFLICT)
            lost = answer.status == 0 or answer.status >= 500
            if not lost or time.monotonic() > deadline:
                return answer
            self.pause(self.dice.uniform(0.2, 0.6))

    def _follow(self, order: Order) -> None:
        """Look at it until it is over, less and less often; write it down at once, and again with its end."""
        self.stage.note_order(values_of(order))
        pause, status = FIRST_LOOK, ""
        while status not in OVER:
            seconds = time.time() - order.at
            if seconds > ANSWER_SECONDS:
                return
            gevent.sleep(pause)
            pause = min(pause * 1.5, LONGEST_LOOK)
            answer = self.read(f"/api/orders/{order.id}", name="/api/orders/{id}")
            if answer.status == 200:
                status = answer.json()["status"]
        seconds = time.time() - order.at
        self.stage.note_order((order.at, order.id, status, round(seconds, 4), order.performance, order.trace))


class Buyer(Customer):
    """They know what they want to see, and look at their tickets afterwards."""

    @task(8)
    def buy(self) -> None:
        performance = self.stage.wanted()
        self.read(f"/api/performances/{performance}", name="/api/performances/{id}")
        for _ in range(WISHES):
            seats = self.seat_map(performance)
            if seats is None or not seats.free:
                return
            self.think()
            hold = self.hold(performance, seats.some(self.dice.choice(SEATS), self.dice))
            if hold:
                self.think()
                self.order(performance, hold, self.dice.choice(TOKENS))
                return

    @task(1)
    def look_at_my_tickets(self) -> None:
        self.read("/api/orders?limit=20", name="/api/orders")
        self.think()
        self.read("/api/tickets?limit=20", name="/api/tickets")

    @task(1)
    def look_at_my_inbox(self) -> None:
        self.read("/api/accounts/me")
        self.read("/api/notifications?limit=20", name="/api/notifications")

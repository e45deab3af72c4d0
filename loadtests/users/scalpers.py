"""People who want the best seats of one performance, and all of them, before anybody else."""

from locust import task

from loadtests.users.buyers import Customer

MOST = 8
"""Seats in a hold."""
IN_A_HURRY = 0.1
"""Seconds between two tries: a program, not a finger."""


class Scalper(Customer):
    """Holds as many seats as there may be in a hold; buys some, lets the others go when nobody takes them."""

    @task
    def grab(self) -> None:
        performance = self.stage.performances[0]
        seats = self.seat_map(performance)
        if seats is None or not seats.free:
            self.pause(1.0)
            return
        for _ in range(MOST):
            hold = self.hold(performance, list(seats.free[:MOST]) or ["A1"])
            if hold is None:
                self.think()
                seats = self.seat_map(performance) or seats
                continue
            self.think()
            if self.dice.random() < 0.2:
                self.order(performance, hold, "tok_visa")
            else:
                self.ask("DELETE", f"/api/holds/{hold}", name="/api/holds/{id}", fine=(404,))
            return

    @property
    def patience(self) -> float:
        return min(IN_A_HURRY, super().patience)

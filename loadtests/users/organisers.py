"""People who put on shows and look at how they sell."""

import gevent
from locust import task

from loadtests.programme import performance_body, show_body
from loadtests.users.shopper import Shopper

ON_SALE_SECONDS = 30.0


class Organiser(Shopper):
    """Has the organiser's login. Without one this class does not take part."""

    def on_start(self) -> None:
        if self.stage.cast.organiser:
            self.sign_in(self.stage.cast.organiser)
        self._mine: list[str] = []

    @task(10)
    def look_at_sales(self) -> None:
        """One of the shows, and how full the house is."""
        performance = self.dice.choice(self._mine or self.stage.performances)
        self.read(f"/api/performances/{performance}", name="/api/performances/{id}")
        self.read(f"/api/performances/{performance}/seats", name="/api/performances/{id}/seats")

    @task(1)
    def put_on_a_show(self) -> None:
        """A show with one performance, which is for the buyers of this process as soon as it has seats."""
        if not self.stage.cast.venue:
            return
        show = self.ask("POST", "/api/shows", body=show_body("An extra night"))
        if show.status != 201:
            return
        self.think()
        body = performance_body(self.stage.cast.venue, self.stage.cast.prices, days=self.dice.randrange(20, 300))
        answer = self.ask(
            "POST", f"/api/shows/{show.json()['id']}/performances", name="/api/shows/{id}/performances", body=body
        )
        if answer.status == 201:
            self._until_on_sale(str(answer.json()["id"]))

    def _until_on_sale(self, performance: str) -> None:
        with gevent.Timeout(ON_SALE_SECONDS, False):
            path, name = f"/api/performances/{performance}/seats", "/api/performances/{id}/seats"
            while self.read(path, name=name, fine=(404,)).status != 200:
                self.pause(0.5)
            self._mine.append(performance)
            self.stage.performances.append(performance)

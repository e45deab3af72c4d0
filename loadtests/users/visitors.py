"""People who look around: most of everybody who comes."""

from locust import task

from loadtests.users.shopper import Answer, Shopper

WORDS = ("jazz", "glass", "harbour", "owls", "comedy", "night", "magic", "load")


class Visitor(Shopper):
    """Nobody knows who they are, and they buy nothing."""

    @task(6)
    def look_at_a_show(self) -> None:
        """The programme, one of its shows, and often where one would sit."""
        items = self.programme("/api/shows?limit=24")
        if not items:
            return
        self.think()
        show = self.read(f"/api/shows/{self.dice.choice(items)['id']}", name="/api/shows/{id}")
        performances = show.json()["performances"] if show.status == 200 else []
        if performances and self.dice.random() < 0.5:
            self.think()
            performance = self.dice.choice(performances)["id"]
            self.read(f"/api/performances/{performance}", name="/api/performances/{id}")
            self.seats(performance)

    @task(2)
    def search(self) -> None:
        """One word, and the first page of what it finds."""
        self.programme(f"/api/shows?q={self.dice.choice(WORDS)}&limit=24", name="/api/shows?q=")

    @task(1)
    def open_the_site(self) -> None:
        """The page itself, from the edge."""
        self.read("/")

    def programme(self, path: str, *, name: str = "/api/shows") -> list[dict[str, str]]:
        """The shows of a page."""
        answer = self.read(path, name=name)
        found: list[dict[str, str]] = answer.json()["items"] if answer.status == 200 else []
        return found

    def seats(self, performance: str) -> Answer:
        # A performance that was put on sale a moment ago has no seats yet: they come by an event.
        return self.read(f"/api/performances/{performance}/seats", name="/api/performances/{id}/seats", fine=(404,))

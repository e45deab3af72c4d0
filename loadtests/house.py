"""Seats for a run: as many performances as the users may want, put on sale before it begins."""

import math
import time
from dataclasses import dataclass
from typing import Any

import httpx

from loadtests.cast import Person
from loadtests.people import NotWelcome, send
from loadtests.programme import ARENA, ARENA_SEATS, PRICES, performance_body, show_body

SEATS_AN_ORDER = 2.4
SECONDS_AN_ORDER = 6.0
"""The quickest in which somebody who thinks between clicks finds, holds and orders."""
REQUESTS_AN_ORDER = 5.0
OPEN_END_SECONDS = 600.0
FEWEST, MOST = 4, 60
ON_SALE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class House:
    """What is on sale; the venue and its prices are empty where there is no organiser."""

    performances: list[str]
    venue: str
    prices: dict[str, Any]


def performances_needed(users: int, seconds: float | None, rate: float | None) -> int:
    """How many arenas so many users could buy empty."""
    orders_a_second = rate / REQUESTS_AN_ORDER if rate else users / SECONDS_AN_ORDER
    seats = orders_a_second * SEATS_AN_ORDER * (seconds or OPEN_END_SECONDS)
    return min(MOST, max(FEWEST, math.ceil(1.2 * seats / ARENA_SEATS)))


def put_on(http: httpx.Client, organiser: Person, count: int) -> House:
    """Open an arena of 2,000 seats with a show of so many performances, and wait until their seats can be had."""
    cookie = {"cookie": f"__Host-session={organiser.cookie}"}

    def make(path: str, body: object) -> str:
        answer = send(http, "POST", path, json=body, headers=cookie)
        if answer.status_code != 201:
            raise NotWelcome(f"{organiser.email} may not POST {path}: {answer.status_code} {answer.text}")
        return str(answer.json()["id"])

    venue = make("/api/venues", ARENA)
    show = make("/api/shows", show_body("The Long Queue"))
    path = f"/api/shows/{show}/performances"
    made = [make(path, performance_body(venue, dict(PRICES), days=100 + number)) for number in range(count)]
    _until_on_sale(http, made)
    return House(made, venue, dict(PRICES))


def what_is_on(http: httpx.Client, count: int) -> House:
    """Performances that others have put on: up to `count` that are not sold out."""
    shows = send(http, "GET", "/api/shows?limit=100").json()["items"]
    found: list[str] = []
    for listed in shows:
        show = send(http, "GET", f"/api/shows/{listed['id']}").json()
        found += [each["id"] for each in show["performances"] if not (each["sold_out"] or each["cancelled"])]
    if not found:
        raise NotWelcome(f"nothing is on sale at {http.base_url}: give an organiser's login, who puts something on")
    return House(found[: max(count, 20)], "", {})


def _until_on_sale(http: httpx.Client, performances: list[str]) -> None:
    """Seats hears of them by events, a moment later."""
    deadline = time.monotonic() + ON_SALE_SECONDS
    waiting = list(performances)
    while waiting:
        if http.get(f"/api/performances/{waiting[-1]}/seats").status_code == 200:
            waiting.pop()
        elif time.monotonic() > deadline:
            raise NotWelcome(f"{len(waiting)} performances have no seats after {ON_SALE_SECONDS:.0f} s: is Kafka up?")
        else:
            time.sleep(0.1)

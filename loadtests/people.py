"""Accounts for the users of a run: made and signed in before it, kept for the next one.

A sign-up costs the tier some 30 ms of a core, a sign-in as much: a run that began with them would measure them.
"""

import hashlib
import json
import secrets
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import httpx

from loadtests.cast import Person, write_private

COOKIE = "__Host-session"
AT_ONCE = 4
"""The tier hashes few passwords at a time, so that other requests go on."""
SIGN_IN_SECONDS = 60.0


class NotWelcome(RuntimeError):
    """Accounts cannot be had. The message is for the user."""


class People:
    """The accounts known at one tier, in a file that only its owner may read."""

    def __init__(self, folder: Path, http: httpx.Client, organiser: Person | None = None) -> None:
        """Where there is an organiser, who is signed in, accounts are opened at the desk: a place has a quota."""
        self._http = http
        self._desk = {"cookie": f"{COOKIE}={organiser.cookie}"} if organiser else {}
        self._path = folder / f"{hashlib.sha256(str(http.base_url).encode()).hexdigest()[:16]}.json"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def signed_in(self, count: int) -> list[Person]:
        """So many people, each in a session that lives."""
        known = self._known()[:count]
        if known and self._is_forgotten(known[0]):
            known = []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            back = [person for person in pool.map(self._come_back, known) if person is not None]
            new = list(pool.map(lambda _: self._join(), range(count - len(back))))
        everybody = [*back, *new]
        self._remember(everybody)
        return everybody

    def _known(self) -> list[Person]:
        try:
            return [Person(**each) for each in json.loads(self._path.read_text())]
        except (FileNotFoundError, ValueError, TypeError):
            return []

    def _remember(self, people: Iterable[Person]) -> None:
        """Those of this run, and after them those who were not needed."""
        latest = {person.email: person for person in people}
        others = [person for person in self._known() if person.email not in latest]
        write_private(self._path, json.dumps([asdict(person) for person in (*latest.values(), *others)]))

    def _is_forgotten(self, person: Person) -> bool:
        """Whether the tier has been emptied since: then it knows none of them, and would count failures."""
        if self._is_signed_in(person) or sign_in(self._http, person) is not None:
            return False
        self._path.unlink(missing_ok=True)
        return True

    def _is_signed_in(self, person: Person) -> bool:
        headers = {"cookie": f"{COOKIE}={person.cookie}"}
        return bool(person.cookie) and self._http.get("/api/sessions/current", headers=headers).status_code == 200

    def _come_back(self, person: Person) -> Person | None:
        return person if self._is_signed_in(person) else sign_in(self._http, person)

    def _join(self) -> Person:
        person = Person(f"load-{secrets.token_hex(8)}@example.test", secrets.token_urlsafe(16))
        body = {"email": person.email, "password": person.password, "name": "Lou Load", "country": "IE"}
        answer = send(self._http, "POST", "/api/accounts", json=body, headers=self._desk)
        joined = sign_in(self._http, person) if answer.status_code == 201 else None
        if joined is None:
            raise NotWelcome(f"no account could be opened at {self._http.base_url}: {answer.status_code} {answer.text}")
        return joined


def sign_in(http: httpx.Client, person: Person) -> Person | None:
    """The person in a new session; None when the password is not right."""
    body = {"email": person.email, "password": person.password}
    answer = send(http, "POST", "/api/sessions", json=body)
    if answer.status_code == 401:
        return None
    if answer.status_code != 201:
        raise NotWelcome(f"{person.email} cannot sign in: {answer.status_code} {answer.text}")
    return replace(person, cookie=answer.headers["set-cookie"].partition(";")[0].partition("=")[2])


def sign_in_organiser(http: httpx.Client, login: tuple[str, str]) -> Person:
    """Who puts on the shows of a load, by (e-mail, password). Raises NotWelcome."""
    person = sign_in(http, Person(*login))
    if person is None:
        url = str(http.base_url).rstrip("/")
        raise NotWelcome(f"{login[0]} cannot sign in at {url}: the password is not right")
    return person


def send(http: httpx.Client, method: str, path: str, **arguments: object) -> httpx.Response:
    """Ask, and come back when the tier is too busy at the moment."""
    deadline = time.monotonic() + SIGN_IN_SECONDS
    while True:
        answer = http.request(method, path, **arguments)  # type: ignore[arg-type]
        if answer.status_code != 503 or time.monotonic() > deadline:
            return answer
        time.sleep(float(answer.headers.get("retry-after", 1)))

"""Everything that the users of a run need to know, made before it: one file that only its owner can read.

The process that leads a run reads it and tells its workers, wherever they are: no worker needs a file.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

THINK = 2.0


@dataclass(frozen=True, slots=True)
class Person:
    """An account, and the session that it has already: the value of the cookie."""

    email: str
    password: str = field(repr=False)
    cookie: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The tier at `url`, whose certificate is checked with `ca` (PEM; empty: a public one), and who comes to it.

    `performances` have seats, the first is the one that everybody wants. `venue` and `prices` are what the organiser
    puts on new performances with. `rate` is requests a second of all users together; without it people think for
    `think` seconds on average between two clicks.
    """

    url: str
    ca: str
    shape: str
    users: int
    seconds: float | None
    performances: list[str]
    people: list[Person]
    organiser: Person | None = None
    venue: str = ""
    prices: dict[str, Any] = field(default_factory=dict)
    rate: float | None = None
    think: float = THINK

    def share(self, number: int, of: int) -> "Cast":
        """What one of several workers gets: people of its own, so that nobody is in two places."""
        return replace(self, people=self.people[number::of] or self.people)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Cast":
        organiser = content["organiser"]
        people = [Person(**each) for each in content["people"]]
        return cls(**{**content, "people": people, "organiser": Person(**organiser) if organiser else None})

    def save(self, path: Path) -> None:
        write_private(path, json.dumps(self.to_json()))

    @classmethod
    def load(cls, path: Path) -> "Cast":
        return cls.from_json(json.loads(path.read_text()))


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step by one that only its owner may read."""
    work = path.with_name(f".{path.name}.new")
    work.unlink(missing_ok=True)
    work.touch(mode=0o600)
    work.write_text(text)
    work.replace(path)

"""What every engine can do with a tier. The `boxoffice` command knows engines by this and nothing else."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

Progress = Callable[[str, str], None]
"""Is told (name, what happens to it): `starting`, `ready`, `stopping`, `stopped`."""


class EngineError(RuntimeError):
    """Something could not be done. The message is for the user: what, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One process. `memory` is resident bytes, `health` is `ready` or says in words what it is instead."""

    process: str
    role: str
    instance: int | None
    pid: int | None
    port: int | None
    health: str
    restarts: int
    memory: int

    def to_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """A tier that answers. `ca` is the certificate to trust, None when it is a public one.

    `logins` are e-mail and password by what they are for; they come from Vault and go to the terminal only.
    """

    tier: str
    url: str
    ca: str | None
    already: bool
    logins: dict[str, tuple[str, str]]
    notes: Sequence[str] = ()


class Engine(Protocol):
    """Runs one tier at a time. Every method raises EngineError."""

    name: str

    def up(self, tier: str, progress: Progress) -> Up:
        """Start a tier and return when it answers. Harmless when it is up."""
        ...

    def down(self, progress: Progress, *, clean: bool) -> str:
        """Stop it; `clean` removes the data too. Answers what was done, in words; harmless when nothing is up."""
        ...

    def status(self) -> list[Row]:
        """The processes."""
        ...

    def logs(self, name: str | None, *, follow: bool) -> Iterator[str]:
        """Lines of one process, or of all."""
        ...

    def scale(self, group: str, count: int, progress: Progress) -> None:
        """Change the number of instances of the app, or of one service, without a dropped request."""
        ...

    def restart(self, names: Sequence[str], progress: Progress, *, rolling: bool) -> list[str]:
        """Restart processes, without names the instances of the app; answers their names."""
        ...

    def kill(self, name: str, number: int) -> int:
        """Send a signal to a process, and answer its number."""
        ...

    def url(self) -> str:
        """Where the tier answers."""
        ...

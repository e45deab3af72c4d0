"""What every engine can do with a tier. The `boxoffice` command knows engines by this and nothing else."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Protocol

NOTHING: Mapping[str, str] = {}
Progress = Callable[[str, str], None]
"""Is told (name, what happens to it): `starting`, `ready`, `stopping`, `stopped`."""


def in_silence(_name: str, _what: str) -> None:
    """Progress that nobody wants to hear of."""


class EngineError(RuntimeError):
    """Something could not be done. The message is for the user: what, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One process. `memory` is resident bytes, `health` is `ready` or says in words what it is instead.

    `host` and `port` are where it listens, as seen from this machine.
    """

    process: str
    role: str
    instance: int | None
    pid: int | None
    port: int | None
    health: str
    restarts: int
    memory: int
    host: str = "127.0.0.1"

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What the operator of a tier may reach and its users may not. Addresses as seen from this machine, for the moment:
    a server that is started again may be elsewhere.
    """

    url: str
    plain_url: str
    """Where plain HTTP is redirected."""
    ca: str | None
    logins: dict[str, tuple[str, str]] = field(repr=False)
    database_url: str = field(repr=False)
    """With the login of a user who may do everything, without the name of a database."""
    vault_addr: str
    vault_token: str = field(repr=False)


class Engine(Protocol):
    """Runs one tier at a time. Every method raises EngineError. Processes have the names that `status` gives them."""

    name: str

    def up(self, tier: str, progress: Progress) -> Up:
        """Start a tier and return when it answers. Harmless when it is up."""
        ...

    def promote(self, before: str, tier: str, progress: Progress) -> Up:
        """Make the tier `before`, which is up, another one: same servers, same data, and it goes on answering."""
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

    def upgrade(
        self, progress: Progress, groups: Sequence[str] = (), settings: Mapping[str, str] = NOTHING
    ) -> list[str]:
        """Bring what runs to the code that is here now: migrations, then the instances one after the other, unnoticed.

        `groups` are the kinds of processes that are meant (`orders`; default: all). `settings` are others from now on,
        an empty one is as it was at `up`. Answers the names of the instances.
        """
        ...

    def kill(self, name: str, number: int, *, stays: bool = False) -> int:
        """Send a signal to a process, and answer its number. With `stays` it is not started again before `start`."""
        ...

    def stop(self, names: Sequence[str], progress: Progress) -> list[str]:
        """Stop processes in order: they finish their work, and are not started again before `start`."""
        ...

    def start(self, names: Sequence[str], progress: Progress) -> list[str]:
        """Start processes that were stopped, or killed for good, and return when they are ready."""
        ...

    def freeze(self, name: str) -> None:
        """Have a process do nothing, while its connections stay open, until `thaw`."""
        ...

    def thaw(self, name: str) -> None:
        """Let a process go on."""
        ...

    def url(self) -> str:
        """Where the tier answers."""
        ...

    def access(self) -> Access:
        """What an operator needs to look inside."""
        ...

    def mails(self) -> list[bytes]:
        """The source of every mail that the tier's own mail server keeps, the oldest first."""
        ...

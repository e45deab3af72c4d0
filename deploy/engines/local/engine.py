"""The local engine: real servers and the app as processes of this machine, behind a supervisor."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from engines.external import BadAddress
from engines.identity import NotThisStack
from engines.local import control, logs, probes
from engines.local.announcement import INSTANCES
from engines.local.leftovers import end_leftovers
from engines.local.plan import Request, request_from, taken
from engines.local.server import base_environment
from engines.local.servers import tail
from engines.logins import logins
from engines.protocol import NOTHING, Access, EngineError, Progress, Row, Up
from engines.state import CURRENT, BrokenState, State
from engines.tier import BadTier, load_tier

SUPERVISOR_SECONDS = 60.0
EVENTS_SECONDS = 20.0
"""How long `up` waits for the first events. Without a broker there are none, and the tier is up all the same."""


class LocalEngine:
    """Talks to the supervisor of the stack in the state folder, and starts it when there is none."""

    name = "local"

    def __init__(self, state: State) -> None:
        self._state = state

    def up(self, tier: str, progress: Progress) -> Up:
        with _explained():
            request = _request(tier)
            decided = taken(os.environ, Request.from_json(request))
            self._state.make()
            if not self._answers():
                self._ensure_supervisor()
            result = self._welcome(self._ask("up", progress, request=request), progress)
            told = [f"from your environment: {', '.join(decided)}"] if decided and not result.already else []
            return replace(result, notes=[*result.notes, *told])

    def promote(self, before: str, tier: str, progress: Progress) -> Up:
        with _explained():
            return self._welcome(self._ask("promote", progress, before=before, request=_request(tier)), progress)

    def down(self, progress: Progress, *, clean: bool) -> str:
        folder = self._state.folder
        if not folder.exists():
            return "nothing is up"
        if not folder.is_dir():
            raise EngineError(f"the state folder {folder} is not a folder")
        with _explained():
            said = self._stop(progress)
            if clean:
                self._state.remove()
                said += f"; the data is gone ({folder})"
            return said

    def status(self) -> list[Row]:
        with _explained():
            if rows := control.result(self._state, "status"):
                return [Row(**row) for row in rows]
            raise control.NotRunning

    def logs(self, name: str | None, *, follow: bool) -> Iterator[str]:
        if not logs.names(self._state.logs):
            raise EngineError("there are no logs: nothing was up yet")
        try:
            yield from logs.read(self._state.logs, name, follow=follow)
        except FileNotFoundError:
            there = ", ".join(logs.names(self._state.logs))
            raise EngineError(f"there is no log {name!r}, there is {there}") from None

    def scale(self, group: str, count: int, progress: Progress) -> None:
        with _explained():
            self._ask("scale", progress, group=group, count=count)

    def restart(self, names: Sequence[str], progress: Progress, *, rolling: bool) -> list[str]:
        with _explained():
            return list(self._ask("restart", progress, names=list(names), rolling=rolling))

    def upgrade(
        self, progress: Progress, groups: Sequence[str] = (), settings: Mapping[str, str] = NOTHING
    ) -> list[str]:
        with _explained():
            return list(self._ask("upgrade", progress, groups=list(groups), settings=dict(settings)))

    def kill(self, name: str, number: int, *, stays: bool = False) -> int:
        with _explained():
            return int(control.result(self._state, "kill", name=name, number=number, stays=stays)["pid"])

    def stop(self, names: Sequence[str], progress: Progress) -> list[str]:
        with _explained():
            return list(self._ask("stop", progress, names=list(names)))

    def start(self, names: Sequence[str], progress: Progress) -> list[str]:
        with _explained():
            return list(self._ask("start", progress, names=list(names)))

    def freeze(self, name: str) -> None:
        with _explained():
            control.result(self._state, "freeze", name=name)

    def thaw(self, name: str) -> None:
        with _explained():
            control.result(self._state, "thaw", name=name)

    def url(self) -> str:
        with _explained():
            control.result(self._state, "status")
            return str(self._state.read(CURRENT)["url"])

    def access(self) -> Access:
        with _explained():
            from engines.vault_operator import operator_token  # its libraries are heavy

            found = control.result(self._state, "access")
            del found["mail"]
            ca = self._state.read(CURRENT)["ca"]
            token = operator_token(found["vault_addr"], self._state.credentials)
            return Access(**found, ca=ca, vault_token=token, logins=logins(found["vault_addr"], token))

    def mails(self) -> list[bytes]:
        with _explained():
            folder = control.result(self._state, "access")["mail"]
            if folder is None:
                raise EngineError("mails go to somebody else's server (SMTP_URL)")
            return [path.read_bytes() for path in sorted(Path(folder).glob("*.eml"))]

    def _welcome(self, done: Any, progress: Progress) -> Up:
        self._state.write(CURRENT, {"engine": self.name, **done})
        if not done["already"]:
            self._await_seat_maps(progress)
        return Up(
            tier=done["tier"],
            url=done["url"],
            ca=done["ca"],
            already=done["already"],
            logins=self.access().logins,
            notes=[f"mail  {done['mail']} (every mail is a file there)"] if done["mail"] else [],
        )

    def _ask(self, name: str, progress: Progress, **details: Any) -> Any:
        done: Any = None
        for event in control.ask(self._state, name, **details):
            for what, subject in event.items():
                if what == "done":
                    done = subject
                else:
                    progress(subject, what)
        return done

    def _await_seat_maps(self, progress: Progress) -> None:
        """On a fresh stack seats hears of the programme by events, a moment after the app is ready."""
        progress("seat maps", "starting")
        catalog, seats = (self._port_of(service) for service in ("catalog", "seats"))
        _, programme = probes.http_json(catalog, "GET", "/api/shows?limit=100")
        shows = programme["items"] if programme else []
        waiting = [show["next_performance"]["id"] for show in shows if show["next_performance"]]
        deadline = time.monotonic() + EVENTS_SECONDS
        while waiting and time.monotonic() < deadline:
            if probes.http_status(seats, f"/api/performances/{waiting[-1]}/seats") == 200:
                waiting.pop()
            else:
                time.sleep(0.1)
        progress("seat maps", "still waiting for events" if waiting else "ready")

    def _port_of(self, service: str) -> int:
        """Where an instance of `service` listens."""
        return urlsplit(self._state.read(INSTANCES)[service][0]).port or 0

    def _stop(self, progress: Progress) -> str:
        if self._state.is_held():
            self._ask("down", progress)
            self._wait_for_its_end()
            return "everything is stopped"
        left = []
        with self._state.locked() as mine:
            left = end_leftovers(self._state) if mine else []
        return f"nothing is up, but ended what was left behind: {', '.join(left)}" if left else "nothing is up"

    def _ensure_supervisor(self) -> None:
        """Start it, unless there is one, and wait until it answers. First it ends what another one left behind."""
        log_file = self._state.logs / "supervisor.log"
        with log_file.open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "engines.local.supervisor", str(self._state.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._state.folder,
                env=base_environment(self._state.folder),  # the caller's may hold credentials
                start_new_session=True,
            )
        deadline = time.monotonic() + SUPERVISOR_SECONDS
        while not self._answers():
            ended = process.poll() is not None and not self._state.is_held()
            if ended or time.monotonic() > deadline:
                raise EngineError(f"the supervisor does not start:\n{tail(log_file)}")
            time.sleep(0.02)

    def _wait_for_its_end(self) -> None:
        deadline = time.monotonic() + SUPERVISOR_SECONDS
        while self._state.is_held():
            if time.monotonic() > deadline:
                raise EngineError(f"the supervisor does not end; see its log in {self._state.logs}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            control.result(self._state, "status")
        except control.NotRunning:
            return False
        return True


def _request(tier: str) -> dict[str, Any]:
    """What the environment asks for, of this tier. Raises EngineError, BadTier, BadAddress and ValueError."""
    return request_from(os.environ, load_tier(tier)).to_json()


@contextmanager
def _explained() -> Iterator[None]:
    """Errors that have a message for the user, as the one kind that the command shows."""
    try:
        yield
    except control.NotRunning:
        raise EngineError("nothing is up: `boxoffice up startup` starts it") from None
    except (control.Refused, BrokenState, NotThisStack, BadAddress, BadTier, ValueError) as error:
        raise EngineError(str(error)) from error
    except OSError as error:
        raise EngineError(f"{error.strerror}: {error.filename}" if error.filename else str(error)) from error

"""The compose engine: the startup tier as containers of one machine."""

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from engines.compose import instances
from engines.compose.containers import Container, containers, last_words, memory_of, until_ready
from engines.compose.docker import docker, lines_of, missing, read_file
from engines.compose.project import GRAFANA_FILE, Project, files_for
from engines.external import BadAddress
from engines.local.edge import LOCAL
from engines.local.plan import Request, request_from
from engines.local.ports import culprit, is_free
from engines.logins import logins
from engines.mailpit import read_mails
from engines.protocol import NOTHING, Access, EngineError, Progress, Row, Up
from engines.state import CURRENT, BrokenState, State
from engines.tier import ALL, UNIT, BadTier, load_tier
from engines.vault_operator import log_in
from engines.visitor import await_seat_maps, status_of

CA = "/data/caddy/pki/authorities/local/root.crt"
"""In the container of the edge."""
EDGE_SECONDS = 120.0
SETUP = "vault-setup"
ONCE = ("keys", "site", SETUP, "migrate")
"""What runs once at the start, in this order."""
DATABASE_URL_FILE = "DATABASE_URL_FILE"


class ComposeEngine:
    """`docker compose` and `docker` do the work; what is up is written down in the state folder."""

    name = "compose"

    def __init__(self, state: State) -> None:
        self._state = state

    def up(self, tier: str, progress: Progress) -> Up:
        if problem := missing():
            raise EngineError(f"{problem}; ENGINE=local needs no Docker")
        already = self._is_up()
        project = self._project() if already else self._prepare(tier)
        if not already and not os.environ.get("BOXOFFICE_IMAGE"):
            _build(project, progress)
        try:
            project.run(
                "up", "--detach", "--remove-orphans", *(["--no-recreate"] if already else []), progress=progress
            )
        except EngineError as error:
            raise EngineError(self._why(project, error)) from None
        self._await_edge(project, progress)
        if not already:
            await_seat_maps(self.url(), self._ca(), progress)
        access = self.access()
        there = {each.service: each for each in containers(project.name)}
        notes = [f"mail  http://{there['mail'].host}:8025 (from this machine)"] if "mail" in there else []
        if "grafana" in there and (published := there["grafana"].published):
            password = self._state.credentials / GRAFANA_FILE
            notes.append(f"look  http://localhost:{published[1]} (Grafana: admin, and what is in {password})")
        return Up(
            tier="startup",
            url=access.url,
            ca=access.ca,
            already=already,
            logins=access.logins,
            notes=notes,
        )

    def promote(self, before: str, tier: str, progress: Progress) -> Up:
        raise EngineError("the compose engine runs the startup tier alone: ENGINE=kubernetes runs the other ones")

    def down(self, progress: Progress, *, clean: bool) -> str:
        if self._state.read(CURRENT).get("engine") != self.name:
            return "nothing is up"
        project = self._project()
        for each in self._containers():
            if each.health == "frozen":
                docker("unpause", each.name)
        project.run("down", "--remove-orphans", *(["--volumes"] if clean else []), progress=progress)
        said = "everything is stopped"
        if clean:
            for image in ("app", "tools"):
                _quietly("image", "rm", f"boxoffice/{image}:{project.name}")
            self._state.remove()
            said += f"; the data is gone ({self._state.folder})"
        return said

    def status(self) -> list[Row]:
        found = self._there()
        memory = memory_of([each.name for each in found if each.pid])
        return [each.row(memory.get(each.name, 0)) for each in found]

    def logs(self, name: str | None, *, follow: bool) -> Iterator[str]:
        project = self._project()
        if name is None:
            following = ["--follow"] if follow else []
            yield from lines_of(project.command("logs", "--no-color", "--tail", "20", *following))
            return
        if name not in ONCE:
            self._find([name])
        yield from lines_of(["docker", "logs", *(["--follow"] if follow else []), project.container(name)])

    def scale(self, group: str, count: int, progress: Progress) -> None:
        self._there()
        if group != UNIT:
            raise EngineError(f"there is no {group!r} to scale, there is {UNIT}")
        instances.scale(self._project(), count, progress)

    def restart(self, names: Sequence[str], progress: Progress, *, rolling: bool) -> list[str]:
        chosen = self._find(names) if names else self._running_instances()
        instances.restart(self._project(), chosen, progress, rolling=rolling)
        return [each.process for each in chosen]

    def upgrade(
        self, progress: Progress, groups: Sequence[str] = (), settings: Mapping[str, str] = NOTHING
    ) -> list[str]:
        if settings or set(groups) - {UNIT}:
            raise EngineError(f"compose upgrades all there is, {UNIT}; settings are those of `up`")
        self._there()
        project = self._project()
        project.take_images()
        if not os.environ.get("BOXOFFICE_IMAGE"):
            _build(project, progress)
        for name in ONCE:
            progress(name, "starting")
            project.say("run", "--rm", "--no-deps", "-T", name)
            progress(name, "ready")
        instances.replace(project, self._running_instances(), progress)
        return [each.process for each in self._running_instances()]

    def kill(self, name: str, number: int, *, stays: bool = False) -> int:
        [container] = self._find([name])
        if container.pid is None:
            raise EngineError(f"{name} is not running at the moment")
        if stays:
            docker("kill", "--signal", str(int(number)), container.name)
        else:
            self._signal_from_outside(container.pid, number)
        return container.pid

    def stop(self, names: Sequence[str], progress: Progress) -> list[str]:
        instances.stop(self._find(names), progress)
        return list(names)

    def start(self, names: Sequence[str], progress: Progress) -> list[str]:
        instances.start(self._find(names), progress)
        return list(names)

    def freeze(self, name: str) -> None:
        docker("pause", self._find([name])[0].name)

    def thaw(self, name: str) -> None:
        docker("unpause", self._find([name])[0].name)

    def url(self) -> str:
        self._there()
        return str(self._state.read(CURRENT)["url"])

    def access(self) -> Access:
        current, found = self._state.read(CURRENT), {each.service: each for each in self._there()}
        vault = f"http://{found['openbao'].host}:8200"
        files = [f"/keys/vault/operator-{kind}-id" for kind in ("role", "secret")]
        token = log_in(vault, *(read_file(found["openbao"].name, path).decode() for path in files))
        given = self._project().variables()[DATABASE_URL_FILE]
        if "postgres" in found:
            password = read_file(found["postgres"].name, "/keys/database/password").decode()
            database_url = f"postgresql://postgres:{password}@{found['postgres'].host}:5432?sslmode=disable"
        else:
            database_url = (self._state.credentials / os.path.basename(given)).read_text()  # noqa: PTH119
        return Access(
            url=current["url"],
            plain_url=current["plain_url"],
            ca=self._ca(),
            logins=logins(vault, token),
            database_url=database_url,
            vault_addr=vault,
            vault_token=token,
        )

    def mails(self) -> list[bytes]:
        found = {each.service: each for each in self._there()}
        if "mail" not in found:
            raise EngineError("mails go to somebody else's server (SMTP_URL)")
        return read_mails(f"http://{found['mail'].host}:8025")

    def inside(self, *arguments: str, owner: bool) -> None:
        """Become `boxoffice ARGUMENTS` in a container: of an instance, or as the owner of the databases, whose login is
        made for it.
        """
        self._there()
        if owner:
            self._project().say("run", "--rm", "--no-deps", "-T", SETUP)
        terminal = [] if sys.stdin.isatty() else ["-T"]
        how = ["run", "--rm", "--no-deps", *terminal, "migrate"] if owner else ["exec", *terminal, UNIT, "boxoffice"]
        command = self._project().command(*how, *arguments)
        os.execvpe(command[0], command, self._project().environment())  # noqa: S606 - a program of the user's

    def _prepare(self, tier: str) -> Project:
        """Write down what the environment asks for. Raises EngineError."""
        if self._state.is_held():
            raise EngineError(
                "the local engine is up in this folder: `boxoffice down` first, or another BOXOFFICE_STATE"
            )
        try:
            wanted = load_tier(tier)
            if wanted["SERVICES"] != ALL:
                raise EngineError(f"the compose engine runs the startup tier alone, not {tier}")
            request = request_from(os.environ, wanted)
            self._state.make()
        except (BadTier, BadAddress, BrokenState, ValueError) as error:
            raise EngineError(str(error)) from error
        _check_ports(request)
        project = Project.of(self._state, files_for(request.external))
        project.configure(request)
        self._state.write(
            CURRENT,
            {
                "engine": self.name,
                "files": list(project.files),
                "project": project.name,
                "url": f"https://{request.domain}{_suffix(request.https_port, 443)}",
                "plain_url": f"http://{request.domain}{_suffix(request.http_port, 80)}",
                "port": request.https_port,
                "local": request.domain == LOCAL,
            },
        )
        return project

    def _await_edge(self, project: Project, progress: Progress) -> None:
        """Until the app answers through it. A public name's address may not be reachable from inside."""
        progress("app", "starting")
        current = self._state.read(CURRENT)
        until_ready([each.name for each in self._running_instances()])
        if current["local"]:
            edge = project.container("edge")
            until_ready([edge])
            self._state.ca.write_bytes(read_file(edge, CA))
            deadline = time.monotonic() + EDGE_SECONDS
            while status_of(f"https://{LOCAL}:{current['port']}", self._ca()) != 200:
                if time.monotonic() > deadline:
                    raise EngineError(f"the edge does not answer for the app:\n{last_words(edge)}")
                time.sleep(0.1)
        progress("app", "ready")

    def _why(self, project: Project, error: EngineError) -> str:
        """The error, and what the one-time commands said that failed."""
        said = [str(error)]
        for name in ONCE:
            code = _quietly("inspect", "--format", "{{.State.ExitCode}}", project.container(name))
            if code not in ("", "0"):
                said.append(f"{name} ended with {code}: {last_words(project.container(name))}")
        return "\n".join(said)

    def _signal_from_outside(self, pid: int, number: int) -> None:
        """As a crash would come: Docker would take its own `kill` for a wish that the container stays away."""
        image = next(each.image for each in self._there() if each.service == UNIT)
        program = f"import os; os.kill({pid}, {int(number)})"
        rights = ["--pid", "host", "--user", "0", "--cap-drop", "ALL", "--cap-add", "KILL", "--network", "none"]
        docker("run", "--rm", "--no-healthcheck", *rights, "--entrypoint", "python", image, "-ISc", program)

    def _is_up(self) -> bool:
        return self._state.read(CURRENT).get("engine") == self.name and any(each.pid for each in self._containers())

    def _project(self) -> Project:
        return Project.of(self._state, self._state.read(CURRENT).get("files", ["startup.yaml"]))

    def _containers(self) -> list[Container]:
        return containers(self._project().name)

    def _there(self) -> list[Container]:
        """The containers, if any. Raises EngineError."""
        if self._state.read(CURRENT).get("engine") == self.name and (found := self._containers()):
            return found
        raise EngineError("nothing is up: `boxoffice up startup` starts it")

    def _running_instances(self) -> list[Container]:
        return [each for each in self._there() if each.service == UNIT and each.health != "stopped"]

    def _find(self, names: Sequence[str]) -> list[Container]:
        found = {each.process: each for each in self._there()}
        for name in names:
            if name not in found:
                raise EngineError(f"there is no process {name!r}, there is {', '.join(found)}")
        return [found[name] for name in names]

    def _ca(self) -> str | None:
        return str(self._state.ca) if self._state.read(CURRENT).get("local") else None


def _build(project: Project, progress: Progress) -> None:
    progress("images", "starting")
    project.run("build", "keys", "app", progress=partial(_step, progress))
    progress("images", "ready")


def _step(progress: Progress, _name: str, what: str) -> None:
    progress("images", what)


def _check_ports(request: Request) -> None:
    """See that the edge can have its ports. Raises EngineError with who has them, and what to do."""
    for port, variable in ((request.https_port, "EDGE_HTTPS_PORT"), (request.http_port, "EDGE_HTTP_PORT")):
        try:
            free = is_free(port)
        except PermissionError:
            free = True  # Docker has the right
        if not free:
            raise EngineError(f"port {port} is taken by {culprit(port)}: end that, or move the edge: {variable}=...")


def _suffix(port: int, usual: int) -> str:
    return "" if port == usual else f":{port}"


def _quietly(*arguments: str) -> str:
    try:
        return docker(*arguments).strip()
    except EngineError:
        return ""

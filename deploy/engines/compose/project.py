"""A stack as compose knows it: a project with files, and the values of their variables, none of them a credential."""

import hashlib
import json
import os
import secrets
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engines.compose.docker import follow
from engines.external import External, address, server_address
from engines.local.plan import Request
from engines.local.server import BASE_ENVIRONMENT, replace_secret
from engines.protocol import EngineError, Progress
from engines.state import CURRENT, REPOSITORY, State
from engines.tier import load_tier

FOLDER = REPOSITORY / "compose"
TIER = REPOSITORY / "deploy" / "startup" / "tier.env"
VARIABLES = "compose.json"
BEFORE = "compose.env"
"""Where older code kept the same."""
SETTINGS = "settings.env"
OBSERVABILITY = "observability.yaml"
NOTHING = "/dev/null"
GRAFANA_FILE = "grafana-password"
OF_IMAGES = ("BOXOFFICE_IMAGE", "BOXOFFICE_TAG", "BOXOFFICE_VERSION", "BOXOFFICE_REVISION")
PASSED_ON = (*OF_IMAGES, "VAULT_IMAGE", "APP_CPUS", "EDGE_HSTS_SECONDS", "GRAFANA_PORT")
DOCKERS_OWN = ("HOME", "TMPDIR", "XDG_RUNTIME_DIR", "SSH_AUTH_SOCK", "http_proxy", "https_proxy", "no_proxy")
"""How Docker's client finds its configuration and its engine, and how a build reaches the world."""
ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "$": r"\$"})
TOLD = {
    "Starting": "starting",
    "Waiting": "starting",
    "Started": "starting",
    "Healthy": "ready",
    "Exited": "ready",
    "Stopping": "stopping",
    "Stopped": "stopped",
    "Removing": "stopping",
    "Removed": "stopped",
}
"""What compose says of a container, in the words of the protocol."""


@dataclass(frozen=True, slots=True)
class Project:
    """`files` are names in the folder `compose`."""

    state: State
    name: str
    files: Sequence[str]

    @classmethod
    def of(cls, state: State, files: Sequence[str]) -> "Project":
        """The project of a state folder: each has its own, so that stacks live side by side. It keeps its name when the
        folder is moved.
        """
        made = f"boxoffice-{hashlib.sha256(str(state.folder).encode()).hexdigest()[:6]}"
        return cls(state, str(state.read(CURRENT).get("project") or made), files)

    def container(self, process: str) -> str:
        """The container of `app-1`, or of `postgres`, of which there is one."""
        numbered = process.rpartition("-")[2].isdigit()
        return f"{self.name}-{process}" if numbered else f"{self.name}-{process}-1"

    def command(self, *arguments: str) -> list[str]:
        """`docker compose` for this project."""
        files = [part for name in self.files for part in ("-f", str(FOLDER / name))]
        return [
            *("docker", "compose", "--progress", "json", "-p", self.name, "--env-file", str(TIER)),
            *(*files, *arguments),
        ]

    def run(self, *arguments: str, progress: Progress) -> None:
        """Run `docker compose ARGUMENTS` and tell what happens to whom. Raises EngineError."""
        try:
            follow(self.command(*arguments), self.environment(), lambda line: self._tell(line, progress))
        except EngineError as error:
            raise EngineError(_readable(str(error))) from None

    def say(self, *arguments: str) -> str:
        """What a command of compose prints. Raises EngineError."""
        done = subprocess.run(
            self.command(*arguments),
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise EngineError(_readable(f"docker compose {arguments[0]} failed:\n{done.stdout}{done.stderr}"))
        return done.stdout

    def environment(self) -> dict[str, str]:
        """For compose: what it needs itself, and the values of our variables, which so may hold any character."""
        kept = (*BASE_ENVIRONMENT, *DOCKERS_OWN)
        found = {name: os.environ[name] for name in kept if name in os.environ}
        dockers = {name: value for name, value in os.environ.items() if name.startswith(("DOCKER_", "BUILDX_"))}
        return {**found, **dockers, "DOCKER_BUILDKIT": "1", **self.variables(), **self._places()}

    def configure(self, request: Request) -> None:
        """Write the values of the variables, the settings of the app, and a file for each address with a login."""
        given = request.external
        variables = {
            "EDGE_BIND": request.bind[0],
            "EDGE_HTTPS_PORT": str(request.https_port),
            "EDGE_HTTP_PORT": str(request.http_port),
            "EDGE_HTTPS_SUFFIX": "" if request.https_port == 443 else f":{request.https_port}",
            "EDGE_DOMAIN": request.domain,
            "BOXOFFICE_TAG": self.name,
            "BOXOFFICE_SETTINGS": str(self.state.folder / SETTINGS),
            "INSTANCES": request.values["INSTANCES"],
            "DATABASE_ADDRESS": server_address(given.database_url) if given.database_url else "",
            "DATABASE_URL_FILE": self._secret("database-url", given.database_url),
            "SMTP_ADDRESS": address(given.smtp_url),
            "SMTP_URL_FILE": self._secret("smtp-url", given.smtp_url),
            "NOTHING_OUTSIDE": str(not (given.database_url or given.smtp_url)).lower(),
            **_given(PASSED_ON),
        }
        if OBSERVABILITY in self.files:
            variables["GRAFANA_PASSWORD_FILE"] = self._secret(GRAFANA_FILE, self._grafana_password())
        self.write(variables)
        tier = load_tier(request.tier).values
        changed = {name: value for name, value in request.values.items() if value != tier[name]}
        replace_secret(self.state.folder / SETTINGS, _env({**changed, **request.settings}))

    def _places(self) -> dict[str, str]:
        """Files of the state folder, where that is now."""
        files = {name: value for name, value in self.variables().items() if name.endswith("_FILE") and value != NOTHING}
        kept = {name: str(self.state.credentials / Path(value).name) for name, value in files.items()}
        return {**kept, "BOXOFFICE_SETTINGS": str(self.state.folder / SETTINGS)}

    def write(self, variables: dict[str, str]) -> None:
        self.state.write(VARIABLES, variables)

    def variables(self) -> dict[str, str]:
        """As they were written; empty when nothing was up."""
        path = self.state.folder / BEFORE
        if (self.state.folder / VARIABLES).exists() or not path.exists():
            return self.state.read(VARIABLES)
        pairs = (line.split("=", 1) for line in path.read_text().splitlines())
        return {name: value.strip("'") for name, value in pairs}

    def set(self, **values: str) -> None:
        self.write({**self.variables(), **values})

    def take_images(self) -> None:
        """Have the images be those that the environment names now."""
        self.set(**_given(OF_IMAGES))

    def _secret(self, name: str, value: str) -> str:
        """A file that containers may read whoever they run as; on this machine its folder lets nobody else in."""
        if not value:
            return NOTHING
        path = self.state.credentials / name
        path.unlink(missing_ok=True)  # its owner may not write to it
        path.touch(mode=0o600)
        path.write_text(value)
        path.chmod(0o444)
        return str(path)

    def _grafana_password(self) -> str:
        """Made once: Grafana takes it at its first start."""
        path = self.state.credentials / GRAFANA_FILE
        return path.read_text() if path.exists() else secrets.token_urlsafe(12)

    def _tell(self, line: str, progress: Progress) -> None:
        try:
            event = json.loads(line)
        except ValueError:
            return
        identifier, status = str(event.get("id", "")), str(event.get("status") or event.get("text") or "")
        if identifier.startswith("Container ") and status in TOLD:
            name = identifier.removeprefix(f"Container {self.name}-")
            progress(name if name.startswith("app-") else name.removesuffix("-1"), TOLD[status])


def files_for(given: External) -> list[str]:
    """The files of a stack: its own database and mail server only where none is given, and with OBSERVABILITY=1 what
    watches it. Raises EngineError.
    """
    for name, value in (
        ("REDIS_URL", given.redis_url),
        ("KAFKA_BOOTSTRAP_SERVERS", given.kafka_bootstrap_servers),
        ("VAULT_ADDR", given.vault_addr),
    ):
        if value:
            raise EngineError(f"the compose engine runs that server itself: leave out {name}, or ENGINE=local takes it")
    own = [("local-database.yaml", given.database_url), ("local-mail.yaml", given.smtp_url)]
    watched = os.environ.get("OBSERVABILITY", "0") not in ("", "0")
    return ["startup.yaml", *(name for name, url in own if not url), *([OBSERVABILITY] if watched else [])]


def _given(names: Sequence[str]) -> dict[str, str]:
    return {name: os.environ[name] for name in names if os.environ.get(name)}


def _env(values: dict[str, str]) -> str:
    """In the format of compose, which looks for variables in a value unless each `$` is escaped."""
    return "".join(f'{name}="{value.translate(ESCAPED)}"\n' for name, value in values.items())


def _readable(text: str) -> str:
    """Compose's events, where they are errors, in words."""
    lines = []
    for line in text.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            lines.append(line)
            continue
        if event.get("error") or event.get("level") == "error" or event.get("message"):
            lines.append(str(event.get("message") or event.get("text") or event.get("msg") or ""))
    return "\n".join(line for line in lines if line)

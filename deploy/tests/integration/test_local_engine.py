"""The whole startup tier on this machine, by the `boxoffice` command, as somebody at a terminal would use it."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from chassis.process.cli import every_command
from engines.local.executables import executable
from engines.local.processes import lives, wait_until_gone
from support.terminal import Terminal, hostile, odd

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("local-engine")]


@pytest.fixture(scope="module")
def proxy() -> Iterator[socket.socket]:
    """What the shell calls its proxy: whoever sends it something is in the queue of connections."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        yield server


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory, proxy: socket.socket) -> Iterator[Terminal]:
    """One with a hostile shell, in a folder with a name that needs care everywhere."""
    folder = tmp_path_factory.mktemp("stack")
    shell = {**os.environ, **hostile(folder / "mine", proxy)}
    terminal = Terminal(folder / f'it\'s "Größe" $HOME 100% #1 a=b 🎭 {"long" * 30}' / "state", shell)
    yield terminal
    terminal.run("down", "--clean")


def test_down_ends_an_up_that_is_under_way(terminal: Terminal) -> None:
    with subprocess.Popen(
        [str(executable("boxoffice")), "up"],
        env=terminal.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as up:
        assert up.stdout is not None
        assert up.stderr is not None
        while "ready" not in up.stdout.readline():
            assert up.poll() is None
        assert "everything is stopped" in terminal.run("down").stdout
        assert up.wait(30) == 1
        assert "stopped by `boxoffice down`" in up.stderr.read()
    assert terminal.run("status").returncode == 3


@pytest.fixture(scope="module")
def up(terminal: Terminal) -> Terminal:
    done = terminal.run("up", "startup", "--engine", "local")
    assert done.returncode == 0, done.stderr
    assert "login demo@boxoffice.test" in done.stdout
    assert "engine local: you asked for it" in done.stdout
    return terminal


def test_before_it_is_up_everything_says_so(terminal: Terminal) -> None:
    for command, code in ((["status"], 3), (["url"], 3), (["scale", "app=3"], 1), (["kill", "app-1"], 1)):
        done = terminal.run(*command)
        assert done.returncode == code
        assert "nothing is up" in done.stderr
    assert terminal.run("down").returncode == 0


def test_a_taken_port_is_named_with_the_culprit_and_the_way_out(terminal: Terminal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = terminal.run("up", EDGE_HTTPS_PORT=str(port))
    assert done.returncode == 1
    assert f"port {port} is taken by" in done.stderr
    assert f"pid {os.getpid()}" in done.stderr
    assert "EDGE_HTTPS_PORT=" in done.stderr


def test_everything_is_ready(up: Terminal) -> None:
    rows = up.rows()
    servers = {"postgres", "valkey", "openbao", "broker", "mail", "edge", "app-1", "app-2", "supervisor"}
    assert set(rows) == servers
    assert {row["health"] for row in rows.values()} == {"ready"}
    assert sum(row["memory"] for row in rows.values()) < 1024**3
    assert up.run("status").returncode == 0
    assert up.status_of("/api/shows") == 200
    assert up.status_of("/") == 200


def test_up_again_is_harmless(up: Terminal) -> None:
    before = up.processes()
    done = up.run("up")
    assert done.returncode == 0
    assert "was up already" in done.stdout
    assert up.processes() == before


def test_another_tier_is_refused_while_this_one_is_up(up: Terminal) -> None:
    done = up.run("up", "growth", "--engine", "local")
    assert done.returncode == 1
    assert "growth" in done.stderr


def test_no_credential_is_in_a_processs_environment(up: Terminal) -> None:
    secrets = [path.read_text() for path in (up.folder / "secrets").iterdir()]
    processes = up.processes()
    for process in {*processes, *(process.parent() or process for process in processes)}:
        told = " ".join([*process.environ().values(), *process.cmdline()])
        assert not [secret for secret in secrets if len(secret) > 8 and secret in told], process.name()


def test_instances_are_added_and_taken_away(up: Terminal) -> None:
    assert up.run("scale", "app=3").returncode == 0
    assert up.rows()["app-3"]["health"] == "ready"
    assert up.run("scale", "app=2").returncode == 0
    assert "app-3" not in up.rows()


@pytest.mark.parametrize("count", ["0", "99"])
def test_impossible_numbers_are_refused(up: Terminal, count: str) -> None:
    done = up.run("scale", f"app={count}")
    assert done.returncode == 1
    assert "1 to 8 instances" in done.stderr


def test_a_killed_instance_comes_back(up: Terminal) -> None:
    before = up.rows()["app-1"]
    assert f"process {before['pid']}" in up.run("kill", "app-1").stdout
    assert up.run("up").returncode == 0  # returns when all is ready
    after = up.rows()["app-1"]
    assert after["pid"] != before["pid"]
    assert after["restarts"] == before["restarts"] + 1
    assert after["port"] == before["port"]


def test_instances_are_restarted_one_after_the_other(up: Terminal) -> None:
    before = up.rows()
    done = up.run("restart", "--rolling")
    assert "restarted app-1, app-2" in done.stdout
    after = up.rows()
    assert all(after[name]["pid"] != before[name]["pid"] for name in ("app-1", "app-2"))
    assert after["postgres"]["pid"] == before["postgres"]["pid"]


def test_what_is_to_stay_away_does_so_until_it_is_started(up: Terminal) -> None:
    assert "until `boxoffice start app-1`" in up.run("kill", "app-1", "--stay").stdout
    assert up.run("stop", "app-2").returncode == 0
    assert [up.rows()[name]["health"] for name in ("app-1", "app-2")] == ["stopped", "stopped"]
    assert up.status_of("/api/shows") == 503
    assert up.run("start", "app-1", "app-2").returncode == 0
    assert up.run("status").returncode == 0


def test_what_is_frozen_hangs_until_it_is_thawed(up: Terminal) -> None:
    assert up.run("freeze", "mail").returncode == 0
    assert up.rows()["mail"]["health"] == "frozen"
    assert up.run("thaw", "mail").returncode == 0
    assert up.rows()["mail"]["health"] == "ready"


def test_an_upgrade_replaces_the_instances_alone(up: Terminal) -> None:
    before = up.rows()
    done = up.run("upgrade")
    assert "upgraded app-1, app-2" in done.stdout, done.stderr
    after = up.rows()
    assert {name for name in after if after[name]["pid"] != before[name]["pid"]} == {"app-1", "app-2"}


def test_an_upgrade_may_change_settings(up: Terminal) -> None:
    assert "upgraded app-1, app-2" in up.run("upgrade", "app", "--set", "VERSION=7.7").stdout
    assert up.version() == "7.7"
    assert up.run("upgrade", "--set", "VERSION=").returncode == 0
    assert up.version() not in ("7.7", "")
    assert "there is no orders to upgrade" in up.run("upgrade", "orders").stderr
    assert "not NAME=VALUE" in up.run("upgrade", "--set", "VERSION").stderr


def test_names_that_there_are_not_are_answered_with_those_that_there_are(up: Terminal) -> None:
    for command in (["kill", "nobody"], ["restart", "nobody"], ["logs", "nobody"]):
        done = up.run(*command)
        assert done.returncode == 1
        assert "postgres" in done.stderr
    assert up.run("kill", "app-1", "--signal", "NONSENSE").returncode == 1


def test_maintenance_finds_the_stack(up: Terminal) -> None:
    assert up.run("seed").returncode == 0
    assert "orders: 0 projections rebuilt" in up.run("replay", "orders").stdout


def test_logs_are_shown(up: Terminal) -> None:
    assert "accounts is seeded" in up.run("logs", "migrate").stdout
    assert "postgres" in up.run("logs").stdout


@pytest.fixture(params=["cp -a", "cp -al"])
def copied(up: Terminal, tmp_path: Path, request: pytest.FixtureRequest) -> Terminal:
    """A shell in a copy of the state folder; with `-al` its files, its lock and its socket are the same ones."""
    there = Terminal(tmp_path / "copy")
    subprocess.run([*request.param.split(), str(up.folder), str(there.folder)], check=True)
    return there


def test_a_copy_of_the_folder_touches_nothing_of_the_original(up: Terminal, copied: Terminal) -> None:
    before = up.processes()
    refused = ["status", "url", "up", "scale app=3", "kill app-1", "restart", "stop app-1", "logs", "seed", "upgrade"]
    for command in refused:
        done = copied.run(*command.split())
        assert done.returncode != 0, command
        assert f"is a copy of {up.folder}" in done.stderr
        assert "boxoffice down --clean" in done.stderr
    done = copied.run("down")
    assert done.returncode == 0
    assert "nothing is up" in done.stdout
    assert f"is a copy of {up.folder}" in done.stdout
    assert copied.run("down", "--clean").returncode == 0
    assert not copied.folder.exists()
    assert up.processes() == before
    assert all(map(lives, before))
    assert up.status_of("/api/shows") == 200


def test_a_folder_that_is_moved_while_it_is_up_is_still_the_stack(up: Terminal) -> None:
    there = Terminal(up.folder.with_name("moved"))
    up.folder.rename(there.folder)
    try:
        assert "supervisor" in there.run("status").stdout  # what has absolute paths is not ready meanwhile
    finally:
        there.folder.rename(up.folder)


def test_a_killed_supervisor_leaves_nothing_behind_and_nothing_is_lost(up: Terminal) -> None:
    processes = up.processes()
    [supervisor] = {process.parent() for process in processes}
    assert supervisor is not None
    supervisor.send_signal(signal.SIGKILL)
    wait_until_gone([supervisor], 5)

    assert up.run("status").returncode == 3
    done = up.run("up")

    assert done.returncode == 0, done.stderr
    assert not [process for process in processes if lives(process)]
    assert up.status_of("/api/shows") == 200


def test_a_backup_and_dead_letters_go_where_the_stack_is(up: Terminal, tmp_path: Path) -> None:
    assert up.run("backup", str(tmp_path / "backup.tar")).returncode == 0
    assert (tmp_path / "backup.tar").stat().st_mode & 0o777 == 0o600
    listed = up.run("dead-letters", "list")
    assert (listed.returncode, listed.stdout) == (0, "")


@pytest.fixture
def other(up: Terminal, tmp_path: Path) -> Terminal:
    """Another hostile shell, for the same stack."""
    other = Terminal(up.folder, odd(up.environment, tmp_path), umask=0)
    other.environment |= {name: up.environment[name] for name in ("EDGE_HTTPS_PORT", "EDGE_HTTP_PORT")}
    return other


COMMANDS: dict[str, str | tuple[int, str]] = {
    "backup": "{folder}/backup.tar",
    "copy-databases": (1, "--target postgresql://me:mine@127.0.0.1:1"),
    "dead-letters discard": "00000000-0000-0000-0000-000000000000",
    "dead-letters list": "",
    "dead-letters redrive": "",
    "erasures": "",
    "freeze": "mail",
    "kill": "mail",
    "logs": "migrate",
    "migrate": "orders",
    "openapi": "orders",
    "organiser add": "demo@boxoffice.test",
    "organiser remove": "demo@boxoffice.test",
    "promote": (1, "growth startup"),
    "replay": "orders",
    "restart": "mail",
    "restore": "{folder}/backup.tar --yes",
    "scale": "app=2",
    "seed": "",
    "start": "mail",
    "status": "--json",
    "stop": "mail",
    "thaw": "mail",
    "up": "startup",
    "upgrade": "app",
    "url": "",
}
"""What each is called with here, and its exit code where it has reason to refuse."""
NOT_HERE = {"down", "serve"}
"""The first is tested below; a process of a stack gets the environment that the other reads."""
ORDER = ("status", "url", "openapi", "freeze", "thaw", "kill", "stop", "start", "restart", "up", "backup")
"""What needs the one before, or should find all at work."""
INPUTS = (
    "DATABASE_URL",
    "REDIS_URL",
    "KAFKA_BOOTSTRAP_SERVERS",
    "VAULT_ADDR",
    "VAULT_TOKEN",
    "SMTP_URL",
    "TLS",
    "SERVICES",
    "MAX_STREAMS",
)
"""What `up` reads on purpose."""


@pytest.mark.timeout(900)
def test_every_command_works_whatever_the_shell_says(other: Terminal, tmp_path: Path) -> None:
    assert {*COMMANDS} | NOT_HERE == {*commands()}
    for command in sorted(COMMANDS, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER)):
        said = COMMANDS[command]
        code, arguments = (0, said) if isinstance(said, str) else said
        words = [word.format(folder=tmp_path) for word in arguments.split()]
        done = other.run(*command.split(), *words, without=INPUTS if command == "up" else ())
        assert (command, done.returncode) == (command, code), done.stderr + done.stdout
        assert "Traceback" not in done.stderr
    assert not [path for path in (*other.folder.rglob("*"), *tmp_path.iterdir()) if for_others(path)]
    assert not (tmp_path / "keys.log").exists()
    assert other.status_of("/api/shows") == 200


def commands(group: Any = None, before: str = "") -> Iterator[str]:
    """As the command lists them."""
    group = group or typer.main.get_command(every_command())
    for name, each in group.commands.items():
        yield from commands(each, f"{before}{name} ") if hasattr(each, "commands") else (f"{before}{name}",)


def for_others(path: Path) -> bool:
    """Whether other users might read it, if they came so far."""
    secret = "secrets" in path.parts or path.suffix in (".acl", ".key", ".tar", ".json", ".env")
    return secret and path.is_file() and bool(path.stat().st_mode & 0o077)


def test_the_proxy_of_the_shell_saw_nothing(up: Terminal, proxy: socket.socket) -> None:
    proxy.setblocking(False)
    with pytest.raises(BlockingIOError):
        proxy.accept()


def test_down_leaves_no_process_behind_and_keeps_the_data(up: Terminal) -> None:
    processes = up.processes()
    logins = up.run("up").stdout
    done = up.run("down")
    assert done.returncode == 0
    assert not [process for process in processes if lives(process)]
    assert up.run("down").stdout.strip() == "nothing is up"
    again = up.run("up").stdout
    password = next(line for line in logins.splitlines() if "demo@" in line)
    assert password in again


def test_down_clean_removes_the_data(up: Terminal) -> None:
    assert up.run("down", "--clean").returncode == 0
    assert not up.folder.exists()

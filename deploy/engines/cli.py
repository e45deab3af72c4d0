"""The commands of the engines: part of the `boxoffice` command, see the entry point group `boxoffice.commands`."""

import io
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Annotated, NoReturn

import typer

from engines.protocol import Engine, EngineError, Progress, Up, in_silence

commands = typer.Typer()


@commands.callback()
def before(context: typer.Context) -> None:
    """Box Office: what a production environment is, and how to get one."""
    from engines.local.environment import adopt

    os.umask(0o077)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may not know every letter of a path
    if "--help" in sys.argv:
        return
    try:
        adopt(context.invoked_subcommand)
    except EngineError as error:
        _fail(error)


EngineName = Annotated[
    str | None,
    typer.Option("--engine", envvar="ENGINE", help="local, compose or kubernetes. Default: the one that is there."),
]


@commands.command(rich_help_panel="Stack")
def up(
    tier: Annotated[str, typer.Argument(help="startup, growth or enterprise.")] = "startup",
    engine: EngineName = None,
) -> None:
    """Start a tier and return when it answers. Harmless when it is up.

    Servers that are given by DATABASE_URL, REDIS_URL, KAFKA_BOOTSTRAP_SERVERS, VAULT_ADDR (with VAULT_TOKEN) and
    SMTP_URL take the place of the local ones. EDGE_HTTPS_PORT and EDGE_HTTP_PORT move the edge, EDGE_DOMAIN gives it
    a public name and certificate, BOXOFFICE_STATE is another folder for the data. OBSERVABILITY=1 has the compose
    engine add metrics, dashboards and traces.
    """
    from engines.choice import choose
    from engines.progress import live

    began = time.monotonic()
    try:
        choice = choose(engine, tier)
        typer.echo(f"engine {choice.engine.name}: {choice.reason}")
        with live() as progress:
            result = choice.engine.up(tier, progress)
    except EngineError as error:
        _fail(error)
    _welcome(result, time.monotonic() - began)


@commands.command(rich_help_panel="Stack")
def promote(
    before: Annotated[str, typer.Argument(metavar="FROM", help="The tier that is up.")],
    tier: Annotated[str, typer.Argument(metavar="TO", help="The tier that it becomes.")],
    engine: EngineName = None,
) -> None:
    """Make one tier another, in place: on the same servers and data, while orders flow.

    For example: boxoffice promote startup growth. The other way round works too.
    """
    from engines.progress import live

    began = time.monotonic()
    try:
        with live() as progress:
            result = _engine(engine).promote(before, tier, progress)
    except EngineError as error:
        _fail(error)
    _welcome(result, time.monotonic() - began)


@commands.command(rich_help_panel="Stack")
def down(
    clean: Annotated[bool, typer.Option("--clean", help="Remove the data too.")] = False, engine: EngineName = None
) -> None:
    """Stop everything. Harmless when nothing is up."""
    from engines.choice import leave_alone

    if said := leave_alone(clean=clean):
        typer.echo(said)
        return
    with _work(engine) as (chosen, progress):
        said = chosen.down(progress, clean=clean)
    typer.echo(said)


@commands.command(rich_help_panel="Stack")
def status(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False, engine: EngineName = None
) -> None:
    """Show the processes: role, port, health, restarts, memory.

    Exit code 1 when not all of them are ready, 3 when nothing is up.
    """
    from engines.table import show

    try:
        rows = _engine(engine).status()
    except EngineError as error:
        _fail(error, code=3)
    if as_json:
        typer.echo(json.dumps([row.to_json() for row in rows], indent=2))
    else:
        show(rows)
    raise typer.Exit(0 if rows and all(row.health == "ready" for row in rows) else 1)


@commands.command(rich_help_panel="Stack")
def logs(
    name: Annotated[str | None, typer.Argument(help="A process, as `status` names it. Default: all.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    engine: EngineName = None,
) -> None:
    """Show what the processes say."""
    try:
        for line in _engine(engine).logs(name, follow=follow):
            typer.echo(line)
    except EngineError as error:
        _fail(error)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


@commands.command(rich_help_panel="Stack")
def scale(
    counts: Annotated[list[str], typer.Argument(metavar="NAME=COUNT...", help="For example: app=4")],
    engine: EngineName = None,
) -> None:
    """Change the number of instances. No request is dropped."""
    for text in counts:
        with _work(engine) as (chosen, progress):
            group, count = _count(text)
            chosen.scale(group, count, progress)
        typer.echo(f"{group}: {count} instances")


@commands.command(rich_help_panel="Stack")
def restart(
    names: Annotated[list[str] | None, typer.Argument(help="Processes. Default: the instances of the app.")] = None,
    rolling: Annotated[bool, typer.Option("--rolling", help="One after the other, unnoticed by users.")] = False,
    engine: EngineName = None,
) -> None:
    """Restart processes."""
    with _work(engine) as (chosen, progress):
        done = chosen.restart(names or [], progress, rolling=rolling)
    typer.echo(f"restarted {', '.join(done)}")


@commands.command(rich_help_panel="Stack")
def upgrade(
    groups: Annotated[list[str] | None, typer.Argument(help="Only these: orders, payments, … Default: all.")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="NAME=VALUE, e.g. PAYMENTS_MAX_PER_SECOND=5. Nothing: as at `up`."),
    ] = None,
    engine: EngineName = None,
) -> None:
    """Bring what runs to the code that is here now, unnoticed: migrations, then one instance after the other."""
    pairs = [each.partition("=") for each in setting or ()]
    if wrong := [name for name, sign, _ in pairs if not sign]:
        raise typer.BadParameter(f"{wrong[0]} is not NAME=VALUE")
    with _work(engine) as (chosen, progress):
        settings = _checked({name: value for name, _, value in pairs})
        done = chosen.upgrade(progress, groups or (), settings)
    typer.echo(f"upgraded {', '.join(done)}")


@commands.command(rich_help_panel="Stack")
def stop(
    names: Annotated[list[str], typer.Argument(help="Processes, as `status` names them.")], engine: EngineName = None
) -> None:
    """Stop processes in order. They stay away until `start`."""
    with _work(engine) as (chosen, progress):
        chosen.stop(names, progress)


@commands.command(rich_help_panel="Stack")
def start(
    names: Annotated[list[str], typer.Argument(help="Processes, as `status` names them.")], engine: EngineName = None
) -> None:
    """Start processes that were stopped, or killed to stay away."""
    with _work(engine) as (chosen, progress):
        chosen.start(names, progress)


@commands.command(rich_help_panel="Stack")
def freeze(
    name: Annotated[str, typer.Argument(help="A process, as `status` names it.")], engine: EngineName = None
) -> None:
    """Have a process hang, with its connections open, to see what happens. `thaw` lets it go on."""
    with _work(engine) as (chosen, _):
        chosen.freeze(name)
    typer.echo(f"{name} hangs until `boxoffice thaw {name}`")


@commands.command(rich_help_panel="Stack")
def thaw(
    name: Annotated[str, typer.Argument(help="A process, as `status` names it.")], engine: EngineName = None
) -> None:
    """Let a process go on that was frozen."""
    with _work(engine) as (chosen, _):
        chosen.thaw(name)
    typer.echo(f"{name} goes on")


@commands.command(rich_help_panel="Stack")
def kill(
    name: Annotated[str, typer.Argument(help="A process, as `status` names it.")],
    number: Annotated[str, typer.Option("--signal", "-s", help="Number or name of the signal.")] = "9",
    stay: Annotated[bool, typer.Option("--stay", help="Do not start it again before `boxoffice start`.")] = False,
    engine: EngineName = None,
) -> None:
    """Send a signal to a process, to see what happens. It is started again when it ends."""
    with _work(engine) as (chosen, _):
        sent = _signal(number)
        pid = chosen.kill(name, sent, stays=stay)
    again = f"; it stays away until `boxoffice start {name}`" if stay else ""
    typer.echo(f"sent {sent.name} to {name} (process {pid}){again}")


@commands.command(rich_help_panel="Stack")
def copy_databases(
    target: Annotated[
        str,
        typer.Option(
            envvar="DATABASE_URL", help="postgresql://USER:PASSWORD@HOST:PORT of somebody who may create roles."
        ),
    ],
    engine: EngineName = None,
) -> None:
    """Copy the databases of the stack to another Postgres, for it to go on there. The app must be stopped."""
    from engines.copying import copy_databases as copy
    from engines.tier import service_names

    with _work(engine) as (chosen, progress):
        there = copy(chosen.access().database_url, target, service_names(), progress)
    rows = sum(content.rows for content in there.values())
    typer.echo(f"{len(there)} tables with {rows:,} rows are the same on both servers")


@commands.command(rich_help_panel="Stack")
def backup(
    file: Annotated[str, typer.Argument(help="Where it goes; - is standard output, for a program that encrypts.")],
    secrets_only: Annotated[
        bool, typer.Option("--secrets-only", help="Without the databases: somebody else backs these up.")
    ] = False,
    engine: EngineName = None,
) -> None:
    """Save the databases and the secrets of Vault, as of one moment, while the tier works. The file is a secret."""
    from engines.backup import back_up
    from engines.progress import live

    try:
        with nullcontext(in_silence) if file == "-" else live() as progress:
            saved = back_up(_engine(engine), file, progress, databases=not secrets_only)
    except EngineError as error:
        _fail(error)
    typer.echo(f"saved {saved.told()}. It holds passwords and people's data: keep it as a secret", err=file == "-")


@commands.command(rich_help_panel="Stack")
def restore(
    file: Annotated[str, typer.Argument(help="A backup; - is standard input.")],
    erasures: Annotated[
        str, typer.Option(help="What `boxoffice erasures` wrote: these accounts are erased again.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    engine: EngineName = None,
) -> None:
    """Replace the databases and the secrets of the tier that is up by those of a backup. The app stops meanwhile.

    Accounts that were erased after the backup are erased again.
    """
    from engines.backup import restore as put_back
    from engines.erasures import from_file

    if not yes:
        typer.confirm("What the databases hold now will be gone. Go on?", abort=True)
    with _work(engine) as (chosen, progress):
        saved = put_back(chosen, file, progress, erasures=from_file(erasures) if erasures else ())
    typer.echo(f"restored {saved.told()}")


@commands.command(rich_help_panel="Stack")
def erasures(engine: EngineName = None) -> None:
    """Print the ids of the accounts that were erased, for a restore where the tier is gone. They name nobody."""
    from engines.erasures import ledger_of

    try:
        ids = ledger_of(_engine(engine).access().database_url)
    except EngineError as error:
        _fail(error)
    typer.echo("\n".join(sorted(ids)))


@commands.command(rich_help_panel="Stack")
def url(engine: EngineName = None) -> None:
    """Print where the tier answers."""
    try:
        typer.echo(_engine(engine).url())
    except EngineError as error:
        _fail(error, code=3)


@contextmanager
def _work(name: str | None) -> Iterator[tuple[Engine, Progress]]:
    """The engine, and a display of what it does; an EngineError ends the command with its message."""
    from engines.progress import live

    try:
        with live() as progress:
            yield _engine(name), progress
    except EngineError as error:
        _fail(error)


def _checked(settings: dict[str, str]) -> dict[str, str]:
    """The settings, with which the app can work. Raises EngineError."""
    from engines.tier import BadTier, check_settings

    try:
        check_settings(settings)
    except (BadTier, ValueError) as error:
        raise EngineError(str(error)) from error
    return settings


def _engine(name: str | None) -> Engine:
    from engines.choice import engine_in_use

    return engine_in_use(name)


def _count(text: str) -> tuple[str, int]:
    group, _, count = text.partition("=")
    if not group or not count.isdigit():
        raise EngineError(f"not NAME=COUNT: {text}")
    return group, int(count)


def _signal(text: str) -> signal.Signals:
    try:
        if text.isdigit():
            return signal.Signals(int(text))
        name = text.upper()
        return signal.Signals[name if name.startswith("SIG") else f"SIG{name}"]
    except (KeyError, ValueError):
        raise EngineError(f"there is no signal {text}") from None


def _fail(error: EngineError, *, code: int = 1) -> NoReturn:
    typer.echo(f"boxoffice: {error}", err=True)
    sys.exit(code)


def _welcome(result: Up, seconds: float) -> None:
    how = "was up already" if result.already else f"is up after {seconds:.1f} s"
    lines = ["", f"The {result.tier} tier {how}.", "", f"  url   {result.url}"]
    if result.ca:
        lines.append(f"  CA    curl --cacert {result.ca} {result.url}/api/shows")
    for name, (email, password) in result.logins.items():
        lines.append(f"  login {email}  {password}  ({name})")
    lines += [f"  {note}" for note in result.notes]
    lines += ["  look  make status, make logs FOLLOW=1", "  stop  make down (CLEAN=1 removes the data)", ""]
    typer.echo("\n".join(lines))

"""The `boxoffice` command: what runs inside a deployment. The engines add what runs around it."""

import asyncio
import gc
import sys
from importlib.metadata import entry_points
from typing import Annotated
from uuid import UUID

import typer

from chassis.process.command import Unreachable
from chassis.settings import Role, Settings

app = typer.Typer(help="Box Office: what a production environment is, and how to get one.", no_args_is_help=True)

Services = Annotated[list[str] | None, typer.Argument(help="Names of services, or 'all'. Default: $SERVICES.")]


@app.command()
def serve(
    services: Services = None,
    role: Annotated[
        Role | None,
        typer.Option(help="Answer requests (api), work on events (worker), or both (all). Default: $ROLE or all."),
    ] = None,
) -> None:
    """Run services in this process until SIGTERM."""
    gc.disable()  # until all is loaded: hardly anything of it is garbage, and to look takes a tenth of the time
    from chassis.process.process import create_process
    from chassis.process.serve import run
    from chassis.service.service import load_services

    settings = _settings()
    settings = settings.model_copy(update={"role": role}) if role else settings
    run(create_process(load_services(services or settings.services), settings), settings)


@app.command()
def migrate(
    services: Services = None,
    seed: Annotated[bool, typer.Option(help="Also put in the data that a fresh stack starts with.")] = False,
) -> None:
    """Bring the databases to the newest schema. Harmless when there is nothing to do."""
    from chassis.process.maintenance import migrate as run

    settings = _settings()
    asyncio.run(run(services or settings.services, settings, with_seed=seed))


@app.command()
def seed(services: Services = None) -> None:
    """Put in the data that a fresh stack starts with. Harmless when it is there."""
    from chassis.process.maintenance import migrate as run

    settings = _settings()
    asyncio.run(run(services or settings.services, settings, with_seed=True))


@app.command()
def openapi(services: Services = None) -> None:
    """Print the OpenAPI document of the services."""
    import orjson

    from chassis.http.openapi import document
    from chassis.service.service import load_services

    typer.echo(orjson.dumps(document(load_services(services or ["all"])), option=orjson.OPT_INDENT_2))


@app.command()
def replay(
    service: Annotated[str, typer.Argument(help="The service whose log is replayed.")],
    publish: Annotated[
        bool, typer.Option(help="Send the whole log again; consumers leave out what they know.")
    ] = False,
) -> None:
    """Rebuild what is derived from a service's event log."""
    from chassis.process.maintenance import replay as run

    typer.echo(asyncio.run(run(service, _settings(), publish=publish)))


dead_letters = typer.Typer(help="Events that could not be handled.", no_args_is_help=True)
app.add_typer(dead_letters, name="dead-letters")


@dead_letters.command("list")
def list_dead_letters(services: Services = None) -> None:
    """Show the events that were put aside, one a line, as JSON."""
    from chassis.process.maintenance import list_dead_letters as run

    settings = _settings()
    for line in asyncio.run(run(services or settings.services, settings)):
        typer.echo(line)


@dead_letters.command("redrive")
def redrive_dead_letters(services: Services = None) -> None:
    """Send the events that were put aside to their topic once more."""
    from chassis.process.maintenance import redrive_dead_letters as run

    settings = _settings()
    typer.echo(f"{asyncio.run(run(services or settings.services, settings))} events sent again")


@dead_letters.command("discard")
def discard_dead_letters(
    letters: Annotated[list[UUID], typer.Argument(help="Their ids: the member `letter` of a line of `list`.")],
    services: Annotated[
        list[str] | None, typer.Option("--service", help="Whose letters they are; all by default.")
    ] = None,
) -> None:
    """Forget events that were put aside, of which nothing needs to come. They are not to be had back."""
    from chassis.process.maintenance import discard_dead_letters as run

    settings = _settings()
    typer.echo(f"{asyncio.run(run(services or settings.services, letters, settings))} dead letters discarded")


def _settings() -> Settings:
    from chassis.configuration import read

    return read(Settings)


def every_command() -> typer.Typer:
    """This module's commands and those that installed packages add."""
    whole = typer.Typer(help=app.info.help, no_args_is_help=True)
    for part in (app, *(extra.load() for extra in entry_points(group="boxoffice.commands"))):
        whole.registered_commands.extend(part.registered_commands)
        whole.registered_groups.extend(part.registered_groups)
        whole.registered_callback = part.registered_callback or whole.registered_callback
    return whole


def main() -> None:
    """The entry point. Settings that make no sense end it with one line, and exit code 2."""
    from chassis.configuration import BadSettings

    try:
        every_command()()
    except BadSettings as error:
        typer.echo(f"boxoffice: {error}", err=True)
        sys.exit(2)
    except Unreachable as error:
        typer.echo(f"boxoffice: {error}", err=True)
        sys.exit(1)

"""`boxoffice organiser`: who may put on shows. The entry point `boxoffice.commands` adds it to the command."""

import asyncio
import sys
from typing import Annotated

import typer

commands = typer.Typer()
organiser = typer.Typer(help="Accounts that may put on shows.", no_args_is_help=True)
commands.add_typer(organiser, name="organiser")

Email = Annotated[str, typer.Argument(help="The address of an account that is there.")]


@organiser.command()
def add(email: Email) -> None:
    """Let an account put on shows; what it is signed in with may at once. Harmless when it may already."""
    _set(email, granted=True)
    typer.echo(f"{email} is an organiser")


@organiser.command()
def remove(email: Email) -> None:
    """Let an account put on shows no more; its shows stay. Harmless when it is no organiser."""
    _set(email, granted=False)
    typer.echo(f"{email} is no organiser")


def _set(email: str, *, granted: bool) -> None:
    from accounts.domain import ORGANISER
    from accounts.handlers import set_role
    from chassis.configuration import read
    from chassis.errors import NotFound
    from chassis.process.maintenance import runtime_of
    from chassis.settings import Settings

    async def work() -> None:
        async with runtime_of("accounts", read(Settings)) as runtime:
            await set_role(runtime, email=email, role=ORGANISER, granted=granted)

    try:
        asyncio.run(work())
    except NotFound as error:
        typer.echo(f"boxoffice: {error}", err=True)
        sys.exit(1)

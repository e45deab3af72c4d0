"""PostgreSQL's own pg_dump and pg_restore, as copies and backups use them: what belongs to whom is made anew."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from chassis.addresses import with_sslmode
from engines.external import address
from engines.local.executables import executable
from engines.local.server import plain_environment

PLAIN = ("--no-owner", "--no-privileges", "--dbname")


def dump_command(url: str, *options: str) -> list[str]:
    """Writes the database of this URL to standard output, in pg_dump's own format."""
    return [_program("pg_dump"), "--format=custom", *options, *PLAIN, address(url)]


def restore_command(url: str, *, owner: str) -> list[str]:
    """Reads such a dump from standard input; in one transaction, so that there is all of it or nothing."""
    return [
        *(_program("pg_restore"), "--single-transaction", "--exit-on-error", f"--role={owner}"),
        *(*PLAIN, address(url)),
    ]


def login_of(url: str) -> dict[str, str]:
    """The environment for a program of PostgreSQL: whoever may list processes sees command lines, but not this."""
    login = urlsplit(url)
    names = {"PGUSER": unquote(login.username or ""), "PGPASSWORD": unquote(login.password or "")}
    return {**plain_environment(), **names}


def database_url(url: str, name: str) -> str:
    """The same server and login, this database."""
    return urlsplit(with_sslmode(url))._replace(path=f"/{name}").geturl()


def first_reason(said: str) -> str:
    """What a program that failed said first."""
    lines: Sequence[str] = said.splitlines()
    return next((line for line in lines if line.strip()), "no reason was given")


def _program(name: str) -> str:
    """The newest of the machine's own program, which can speak TLS, and the one of the wheel, which cannot."""
    installed = executable("postgres").with_name(name)
    own = shutil.which(name)
    return own if own and _version(own) >= _version(installed) else str(installed)


def _version(program: str | Path) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+)(\.\d+)?\s", f"{said} ")
    return int(found[1]) if found else 0

"""An SMTP server that keeps every mail as an `.eml` file and delivers none."""

import argparse
import asyncio
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import ClassVar

from engines.local import probes
from engines.local.server import HOST, Server, private_folder

LARGEST_MAIL = 10 * 1024 * 1024


@dataclass(slots=True)
class Mail(Server):
    """The sink as a process of its own; the supervisor runs `serve` in its own process, which is lighter."""

    role: ClassVar[str] = "mail"

    @property
    def folder(self) -> Path:
        return self.state / "mail"

    @property
    def url(self) -> str:
        return f"smtp://{HOST}:{self.port}"

    def prepare(self) -> None:
        private_folder(self.folder)

    def command(self) -> list[str]:
        return [sys.executable, "-m", "engines.local.mail", str(self.folder), str(self.port)]

    def ready(self) -> bool:
        return probes.smtp(self.port)


class Sink:
    """aiosmtpd's handler: one file per mail, named by time so that a listing is in order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802 - its name
        content = getattr(envelope, "content", b"")
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{next(self._numbers)}"
        work = self._folder / f".{name}"
        work.write_bytes(content)
        work.rename(self._folder / f"{name}.eml")  # whoever waits for a mail never sees half of one
        return "250 kept"


async def serve(folder: Path, port: int) -> asyncio.Server:
    """Listen on `port`; the caller closes the server."""
    from aiosmtpd.smtp import SMTP

    sink = Sink(folder)
    loop = asyncio.get_running_loop()

    def protocol() -> asyncio.Protocol:
        return SMTP(sink, hostname="localhost", enable_SMTPUTF8=True, data_size_limit=LARGEST_MAIL, loop=loop)

    return await loop.create_server(protocol, HOST, port)


async def _main(folder: Path, port: int) -> None:
    server = await serve(folder, port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int)
    given = parser.parse_args()
    asyncio.run(_main(given.folder, given.port))

"""Servers for the tests that set Vault up."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.local.postgres import SYSTEM_DATA, remove_data
from engines.local.servers import Running, start


@pytest.fixture(scope="session", autouse=True)
def nothing_outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Removes at the end what had to go outside of these tests' folders."""
    yield
    for note in SYSTEM_DATA.glob("data-*.of"):
        link = Path(note.read_text().splitlines()[0])
        if link.is_relative_to(tmp_path_factory.getbasetemp()):
            remove_data(link)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Running]]:
    """A Postgres and an OpenBao of the module's own, with nothing in them."""
    folder = tmp_path_factory.mktemp("vault")
    servers = {name: start(name, folder) for name in ("postgres", "openbao")}
    yield servers
    for running in servers.values():
        running.stop()

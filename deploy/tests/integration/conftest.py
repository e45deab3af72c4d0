"""Servers for the tests that set Vault up."""

from collections.abc import Iterator

import pytest

from engines.local.servers import Running, start


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Running]]:
    """A Postgres and an OpenBao of the module's own, with nothing in them."""
    folder = tmp_path_factory.mktemp("vault")
    servers = {name: start(name, folder) for name in ("postgres", "openbao")}
    yield servers
    for running in servers.values():
        running.stop()

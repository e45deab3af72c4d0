"""Says where the instances of each service are: a file that the services read (`DISCOVERY=file`)."""

from collections.abc import Iterable

from engines.local.app import App
from engines.local.managed import Managed
from engines.state import State

INSTANCES = "instances.json"


def announce(state: State, managed: Iterable[Managed]) -> None:
    """Write down the instances that serve: `{"orders": ["http://127.0.0.1:21001"]}`. Raises OSError."""
    instances: dict[str, list[str]] = {}
    for each in managed:
        if isinstance(server := each.server, App) and server.group.answers and each.is_serving:
            for service in server.group.members:
                instances.setdefault(service, []).append(server.url)
    state.write(INSTANCES, instances)

"""The release of the app on a cluster."""

import asyncio
from typing import Any

from engines.kubernetes.cluster import Cluster
from engines.kubernetes.pods import APP
from engines.kubernetes.release import CHARTS
from support.stack import VALUES


class Release:
    """The release of the app, to be changed as its operator does."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    async def change(self, service: str, options: dict[str, Any], *, seconds: float = 180) -> None:
        """Upgrade it with other options for one service. Raises EngineError when it does not become ready.

        Without the Jobs that come before: schema and logins are as they were.
        """
        no_jobs = {"migrations": {"enabled": False}, "secrets": {"vault": {"setup": {"enabled": False}}}}
        await self.upgrade({**no_jobs, "services": {service: options}}, seconds=seconds)

    async def upgrade(self, values: dict[str, Any], *, seconds: float = 180) -> None:
        """Upgrade it with these values in place of its own. Raises EngineError when it does not become ready."""
        values = {**self.cluster.values(APP), **values}
        await asyncio.to_thread(self.cluster.install, APP, CHARTS / APP, values, [VALUES], seconds)

    async def back(self) -> None:
        """Roll the last upgrade back."""
        await self.helm("rollback", APP, "--wait", "--timeout", "180s")

    async def environment(self, service: str) -> set[tuple[str, str]]:
        """What the instances of a service are told from now on: (name, value)."""
        found = await asyncio.to_thread(self.cluster.get, "deployment", f"{APP}-{service}")
        [container] = found["spec"]["template"]["spec"]["containers"]
        return {(each["name"], each.get("value", "")) for each in container["env"]}

    async def helm(self, *arguments: str) -> str:
        return await asyncio.to_thread(self.cluster.helm, *arguments, seconds=200)

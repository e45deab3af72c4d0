"""What the charts are told: from the environment, and from what the cluster is."""

import base64
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engines.external import External, address, server_address
from engines.kubernetes.cluster import Cluster
from engines.kubernetes.pods import DEPENDENCIES
from engines.protocol import EngineError
from engines.state import REPOSITORY
from engines.tier import Tier, check_settings

CHARTS = REPOSITORY / "helm"
LOCAL = "localhost"
NODE_PORT = 30443
NODE_PORTS = range(30000, 32768)
SETUP_SECRET = "boxoffice-setup"  # noqa: S105 - its name
SERVICE_PREFIXES = ("ACCOUNTS_", "CATALOG_", "SEATS_", "ORDERS_", "PAYMENTS_", "NOTIFICATIONS_")
ALL_OR_NONE = ("DATABASE_URL", "REDIS_URL", "KAFKA_BOOTSTRAP_SERVERS", "VAULT_ADDR")
ONE_BROKER = {"KAFKA_REPLICATION": 1}


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What `up` was asked for."""

    tier: Tier
    external: External
    image: str = "boxoffice"
    tag: str = "dev"
    domain: str = ""
    node_port: int = NODE_PORT
    settings: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[Path] = ()

    @classmethod
    def from_environment(cls, tier: Tier, environment: Mapping[str, str] = os.environ) -> "Wishes":
        """Raises BadAddress, BadTier and ValueError."""
        tier = tier.with_environment(environment)
        settings = {name: value for name, value in environment.items() if name.startswith(SERVICE_PREFIXES)}
        check_settings({**tier.values, **settings})
        port = int(environment.get("EDGE_HTTPS_PORT") or NODE_PORT)
        return cls(
            tier=tier,
            external=External.from_environment(environment),
            image=environment.get("BOXOFFICE_IMAGE") or cls.image,
            tag=environment.get("BOXOFFICE_TAG") or cls.tag,
            domain=environment.get("EDGE_DOMAIN", "").removeprefix(LOCAL),
            node_port=port if port in NODE_PORTS else NODE_PORT,
            settings=settings,
            files=[Path(each) for each in environment.get("BOXOFFICE_VALUES", "").split(os.pathsep) if each],
        )

    @property
    def own_servers(self) -> bool:
        """Whether the servers for trying out are needed: none is given. All or none, so that no half is left behind."""
        given = self.external
        all_of_them = (given.database_url, given.redis_url, given.kafka_bootstrap_servers, given.vault_addr)
        if any(all_of_them) and not all(all_of_them):
            raise EngineError(
                f"give {', '.join(ALL_OR_NONE)} all together, or none of them to try it with servers of its own"
            )
        return not any(all_of_them)


def app_values(wishes: Wishes, cluster: Cluster) -> dict[str, Any]:
    """The values of helm/boxoffice."""
    tier = {name: _number(value) for name, value in wishes.tier.values.items()}
    values: dict[str, Any] = {
        "image": {"repository": wishes.image, "tag": wishes.tag},
        "tier": {**tier, **(ONE_BROKER if wishes.own_servers else {})},
        "defaults": {"env": dict(wishes.settings)},
        "edge": _edge(wishes, cluster),
    }
    if wishes.own_servers:
        place = {"podSelector": {"matchLabels": {"app.kubernetes.io/instance": DEPENDENCIES}}}
        values["networkPolicies"] = {"dependencies": [place]}
    else:
        given = wishes.external
        values["dependencies"] = {
            "databaseUrl": server_address(given.database_url),
            "redisUrl": address(given.redis_url),
            "kafkaBootstrapServers": given.kafka_bootstrap_servers,
            **({"smtpUrl": address(given.smtp_url)} if given.smtp_url else {}),
        }
        values["secrets"] = {"vault": {"address": given.vault_addr, "setup": {"secret": SETUP_SECRET}}}
    return values


def setup_secret(external: External) -> dict[str, Any]:
    """The Secret of the setup Job, where servers are given."""
    secret = {"database_url": external.database_url, "vault_token": external.vault_token, **external.shared_secrets}
    data = {name: base64.b64encode(value.encode()).decode() for name, value in secret.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": SETUP_SECRET}, "data": data}


def _edge(wishes: Wishes, cluster: Cluster) -> dict[str, Any]:
    """A public name comes with a load balancer; without one, the edge is at a port of the nodes."""
    if wishes.domain:
        return {"domain": wishes.domain}
    return {"domain": _node_address(cluster), "expose": "NodePort", "service": {"nodePort": wishes.node_port}}


def _node_address(cluster: Cluster) -> str:
    for node in cluster.get("nodes"):
        for each in node["status"]["addresses"]:
            if each["type"] == "InternalIP":
                return str(each["address"])
    raise EngineError("the cluster's nodes have no address: give EDGE_DOMAIN the name that leads to it")


def _number(value: str) -> int | str:
    return int(value) if value.isdigit() else value

"""Secrets as files that the External Secrets Operator brings, in the place of asking Vault."""

import pytest

from chassis.testing import eventually
from engines.kubernetes.cluster import Cluster
from engines.kubernetes.pods import APP
from support.books import SERVICES, Books
from support.crowd import Crowd
from support.customer import Customer
from support.leases import users_at_work
from support.promises import Promises
from support.release import Release
from support.shapes import Performance
from support.stack import Stack
from support.unnoticed import check_unnoticed

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

OPERATOR = ("deployments", "--all-namespaces", "--selector", "app.kubernetes.io/name=external-secrets")
BY_THE_OPERATOR = {"mode": "external-secrets", "externalSecrets": {"databaseRefreshInterval": "20s"}}
COMES_SECONDS = 180
"""A kubelet renews the files of its pods about once a minute."""


async def test_services_take_over_each_database_user_that_is_brought(
    stack: Stack,
    cluster: Cluster,
    release: Release,
    crowd: Crowd,
    customer: Customer,
    performance: Performance,
    books: Books,
    promises: Promises,
) -> None:
    if not cluster.get(*OPERATOR):
        pytest.skip("this cluster has no External Secrets Operator: https://external-secrets.io says how to install it")
    await release.upgrade({"secrets": BY_THE_OPERATOR})
    try:
        secrets = [each["metadata"]["name"] for each in cluster.get("secrets")]
        assert f"{APP}-orders-database" in secrets
        assert not [name for name in secrets if "migrate" in name], "who may change schemas is not kept"
        began, first = await stack.lives(), await users_at_work(books)

        async def replaced() -> list[str]:
            now = await users_at_work(books)
            return [service for service, users in first.items() if now[service] and not now[service] & users]

        await eventually(replaced, lambda services: len(services) == len(SERVICES), seconds=COMES_SECONDS)
        assert await stack.lives() == began, "none was restarted for it"
        assert (await customer.buy(performance.id)).status == "confirmed"
    finally:
        await release.back()
    await crowd.stop()  # it may have bought all seats by now

    check_unnoticed(crowd)
    await promises.kept(crowd.accepted)

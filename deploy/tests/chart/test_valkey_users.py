"""The chart's users of Valkey are those that `valkey_users.py` writes for the other engines."""

import json

from deploy.tests.chart.conftest import Render, of_kind
from engines.tier import service_names
from engines.valkey_users import acl


def test_the_users_of_valkey_are_the_same_as_elsewhere(render: Render) -> None:
    secrets = of_kind(render(chart="dependencies"), "Secret")
    passwords = json.loads(secrets["dependencies-setup"]["stringData"]["redis_passwords"])
    assert {*passwords} == {*service_names()}
    assert secrets["dependencies-valkey"]["stringData"]["users.acl"].splitlines() == acl(passwords).splitlines()

"""Which service answers a path."""

import pytest

from chassis.http.dispatcher import _router
from chassis.service.service import create_service


@pytest.mark.parametrize("rest", ["", "/", "/a", "/a/b", "/a\nb", "/\r\n", "/\u2028"])
def test_a_path_is_answered_by_its_service_whatever_follows(rest: str) -> None:
    route, services = _router(
        [create_service("words", paths=["/api/words"]), create_service("pens", paths=["/api/pens"])]
    )
    found = route(f"/api/words{rest}")
    assert found is not None
    assert found.lastindex is not None
    assert services[found.lastindex - 1].name == "words"

"""Where a request comes from: the same-origin rule and the client's address."""

import pytest
from starlette.requests import Request

from chassis.http.origin import is_same_origin, remote_address

HOST = (b"host", b"shop.example:8443")


def origin(value: str) -> tuple[bytes, bytes]:
    return b"origin", value.encode()


def site(value: str) -> tuple[bytes, bytes]:
    return b"sec-fetch-site", value.encode()


@pytest.mark.parametrize(
    "headers",
    [
        [HOST],
        [HOST, origin("https://shop.example:8443")],
        [HOST, origin("https://SHOP.example:8443")],
        [HOST, site("same-origin")],
        [HOST, site("none")],
        [HOST, site("same-origin"), origin("https://shop.example:8443")],
        [HOST, site("cross-site"), origin("https://app.example")],
        [HOST, origin("https://app.example")],
        [HOST, origin("https://shop.example:8443"), (b"x-forwarded-proto", b"https")],
    ],
)
def test_own_pages_allowed_origins_and_programs_may_change_state(headers: list[tuple[bytes, bytes]]) -> None:
    assert is_same_origin("POST", headers, ("https://app.example",))


@pytest.mark.parametrize(
    "headers",
    [
        [HOST, origin("https://evil.example")],
        [HOST, origin("https://shop.example:8443.evil.example")],
        [HOST, origin("https://shop.example")],
        [HOST, origin("null")],
        [HOST, origin("http://[broken")],
        [HOST, origin("")],
        [origin("https://shop.example:8443")],
        [HOST, site("cross-site")],
        [HOST, site("same-site"), origin("https://other.shop.example")],
        [HOST, site("cross-site"), origin("https://shop.example:8443")],
        [HOST, site("")],
        [HOST, origin("http://shop.example:8443"), (b"x-forwarded-proto", b"https")],
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_pages_of_other_sites_may_not(method: str, headers: list[tuple[bytes, bytes]]) -> None:
    assert not is_same_origin(method, headers, ("https://app.example",))


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_is_open_to_all(method: str) -> None:
    assert is_same_origin(method, [HOST, origin("https://evil.example"), site("cross-site")])


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ([], "10.0.0.9"),
        (["203.0.113.7"], "203.0.113.7"),
        (["6.6.6.6, 203.0.113.7"], "203.0.113.7"),
        (["6.6.6.6", "203.0.113.7"], "203.0.113.7"),
        (["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        (["::ffff:203.0.113.7"], "203.0.113.7"),
        (["fe80::1%eth0"], "fe80::/64"),
        (["gibberish\x00"], "10.0.0.9"),
        ([""], "10.0.0.9"),
    ],
)
def test_the_address_is_what_the_edge_saw(forwarded: list[str], address: str) -> None:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    request = Request({"type": "http", "headers": headers, "client": ("10.0.0.9", 4711)})
    assert remote_address(request) == address

"""After signing in a reader stays on this site, whatever the link that led here says."""

import json
from urllib.parse import quote

import pytest

from support.browser import Window
from support.customer import PASSWORD, Customer

AWAY = (
    None,
    "",
    "//evil.test",
    "/.//evil.test",
    "/./\\evil.test",
    "/x/..//evil.test",
    "/%2e//evil.test",
    "/%2e%2e//evil.test/tickets",
    "/\\evil.test",
    "\\\\evil.test",
    "/\t/evil.test",
    "/\n/evil.test",
    "\t//evil.test",
    " /tickets",
    "///evil.test",
    "//[",
    "/.//[",
    "https://evil.test/",
    "https:evil.test",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "tickets",
    "?q=1",
    "#top",
)
HERE = {
    "/": "/",
    "/tickets": "/tickets",
    "/shows/1?from=2026-01-01": "/shows/1?from=2026-01-01",
    "/orders/../tickets": "/tickets",
    "/shows?next=//evil.test": "/shows?next=//evil.test",
    "/@evil.test": "/@evil.test",
}
JUDGE = """async (addresses) => {
    const main = document.querySelector("script[src$='/main.js']").src;
    const { homeward } = await import(new URL("homeward.js", main));
    return addresses.map((each) => homeward(each));
}"""


async def test_only_pages_of_this_site(window: Window) -> None:
    await window.go("/")

    said = await window.page.evaluate(JUDGE, [*AWAY, *HERE])

    assert dict(zip((json.dumps(each) for each in AWAY), said, strict=False)) == {
        json.dumps(each): "/" for each in AWAY
    }
    assert said[len(AWAY) :] == list(HERE.values())


@pytest.mark.parametrize(("next_", "shown"), [("/.//evil.test", "/"), ("/tickets", "/tickets")])
async def test_signing_in_leads_there(window: Window, customer: Customer, next_: str, shown: str) -> None:
    await window.go(f"/sign-in?next={quote(next_, safe='')}")
    await window.fill(email=customer.email, password=PASSWORD)
    await window.press("Sign in", within="main")

    await window.page.wait_for_url(window.url + shown)

"""Backstage in a real browser: the running system as an organiser sees it."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from chassis.testing import eventually
from support.browser import NewWindow, Window
from support.crowd import Crowd
from support.customer import Customer, NewCustomer
from support.organiser import Organiser
from support.shapes import Performance
from support.stack import Stack
from support.tier import Tier

PATH = "/backstage"
PICTURE_BYTES = 150_000
LOOKS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "phone": {"viewport": {"width": 360, "height": 900}, "color_scheme": "dark", "has_touch": True},
    "dark-at-200": {"viewport": {"width": 640, "height": 900}, "color_scheme": "dark", "device_scale_factor": 2},
}
SOLD_SOMETHING = """
    /seats sold: .*, at most [0-9.]*[1-9]/.test(document.querySelector("[aria-label^=Sales]").ariaLabel)
"""
LARGE_TYPE = "document.documentElement.style.fontSize = '200%'"
TOO_WIDE = """
    const beyond = (each) => each.getBoundingClientRect().right > innerWidth;
    document.querySelectorAll(".board dd").forEach((each) => (each.textContent = "888 ms"));
    const named = (each) => `${each.tagName} ${each.className}: ${each.textContent.slice(0, 40)}`;
    document.documentElement.scrollWidth > innerWidth
        ? [...document.querySelectorAll("body *")].filter(beyond).map(named) : [];
"""
"""What makes the page scroll sideways, with the longest figures on its board."""


async def behind(window: Window, tier: Tier) -> None:
    """Go backstage as an organiser, and wait until the picture is there."""
    await window.sign_in(tier.organiser, tier.organiser_password)
    await window.go(PATH)
    await window.page.get_by_text("ready; ").or_(window.page.get_by_text("All is well")).first.wait_for()


async def test_an_organiser_sees_who_is_there_and_what_is_sold(
    window: Window, tier: Tier, customer: Customer, performance: Performance
) -> None:
    await behind(window, tier)
    instance = window.page.locator(".performer").first
    await instance.locator(".health", has_text="ready").wait_for()
    for store in ("PostgreSQL", "Kafka", "Redis", "Vault"):
        await window.page.locator(".stores .part", has_text=store).locator(".health.good").wait_for(timeout=20_000)
    assert await window.page.locator(".plot canvas").count() == 6

    await customer.buy(performance.id, ["A1", "A2"])
    await eventually(lambda: window.page.evaluate(SOLD_SOMETHING))


@pytest.mark.parametrize("look", LOOKS)
async def test_backstage_is_for_everybody(look: str, new_window: NewWindow, tier: Tier) -> None:
    window = await new_window(bypass_csp=True, **LOOKS[look])
    await behind(window, tier)
    await window.page.wait_for_selector(".plot canvas")
    assert await window.axe() == []
    await window.page.evaluate(LARGE_TYPE)
    assert await window.page.evaluate(TOO_WIDE) == []


async def test_customers_stay_in_front(home: Window) -> None:
    await home.go(PATH)
    await home.page.get_by_role("heading", name="This door is for staff").wait_for()
    assert await home.page.evaluate("document.querySelector('script[src*=uPlot]')") is None


@pytest.mark.faults
async def test_an_instance_that_is_killed_is_seen_to_go_and_to_come_back(
    window: Window, tier: Tier, stack: Stack
) -> None:
    await behind(window, tier)
    killed = window.page.locator(".performer", has_text="app-1")
    await killed.locator(".health", has_text="ready").wait_for()
    async with stack.without("app-1"):
        await killed.locator(".health", has_text="gone").wait_for()
        await window.page.get_by_text("app-1 is gone").wait_for()
    await stack.until_ready()
    await killed.locator(".health", has_text="ready").wait_for()
    window.troubles = [each for each in window.troubles if "Failed to load resource" not in each]


async def test_it_says_when_nobody_answers_and_goes_on_by_itself(window: Window, tier: Tier) -> None:
    await behind(window, tier)

    async def away(route: Any) -> None:
        await route.fulfill(status=503, headers={"retry-after": "1"}, body=json.dumps({"status": 503}))

    await window.page.route("**/api/backstage", away)
    await window.page.get_by_text("No answer since").wait_for()
    await window.page.locator(".edges .health", has_text="no answer").wait_for()
    await window.page.unroute("**/api/backstage")
    await window.page.get_by_text("No answer since").wait_for(state="hidden")
    await window.page.locator(".edges .health", has_text="ready").wait_for()


async def test_the_tier_bar_tells_instance_version_and_region(window: Window, tier: Tier) -> None:
    await behind(window, tier)
    assert re.match(
        r"catalog \S+ on \S+ in \S+ · \d+ ms", (await window.page.locator(".tierbar .last").inner_text()).strip()
    )


async def test_it_asks_only_while_somebody_looks(window: Window, tier: Tier) -> None:
    await behind(window, tier)
    asked = 0

    def count(request: Any) -> None:
        nonlocal asked
        asked += request.url.endswith("/api/backstage")

    window.page.on("request", count)
    async with window.page.expect_response("**/api/backstage"):
        pass
    assert asked >= 1
    await window.press("Programme", role="link", within="header")
    await window.page.wait_for_selector(".show h3")
    before = asked
    await window.page.wait_for_timeout(2500)
    assert asked == before


@pytest.mark.skipif("SCREENSHOTS" not in os.environ, reason="SCREENSHOTS=FOLDER takes pictures of the main pages")
async def test_pictures(new_window: NewWindow, tier: Tier, organiser: Organiser, new_customer: NewCustomer) -> None:
    rows = [{"name": f"{letter}", "seats": 40} for letter in "ABCDEFGHIJ"]
    house = await organiser.put_on_sale(zones=[{"name": "Floor", "rows": rows}])
    labels = [f"{row['name']}{seat}" for row in rows for seat in range(1, 41)]
    people = [await new_customer() for _ in range(6)]
    window = await new_window(viewport={"width": 1280, "height": 1240}, color_scheme="dark")
    await behind(window, tier)
    async with Crowd(people, house.id, labels) as crowd:
        await crowd.until_accepted(120, seconds=120)
        await window.page.evaluate("scrollTo(0, 0)")
        picture = Path(os.environ["SCREENSHOTS"]) / "backstage.jpg"
        await window.page.screenshot(path=picture, type="jpeg", quality=64)
    assert picture.stat().st_size <= PICTURE_BYTES

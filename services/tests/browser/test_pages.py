"""Every page: for everybody, light or dark, small or large; and when things are not as they should be."""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chassis.testing import eventually
from support.browser import NewWindow, Window
from support.customer import PASSWORD, Customer
from support.organiser import Organiser
from support.shapes import Performance
from support.tier import Tier

FIRST_VISIT_BYTES = 150_000
SEAT_MAP_MS = 300
PICTURE_BYTES = 150_000
LOOKS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "phone": {"viewport": {"width": 360, "height": 900}, "color_scheme": "light", "has_touch": True},
    "dark-at-200": {"viewport": {"width": 640, "height": 900}, "color_scheme": "dark", "device_scale_factor": 2},
}


@pytest.mark.parametrize("look", LOOKS)
async def test_every_page_is_for_everybody(
    look: str, new_window: NewWindow, customer: Customer, organiser: Organiser, tier: Tier, performance: Performance
) -> None:
    order = await customer.buy(performance.id, ["A1"])
    [ticket] = await eventually(customer.tickets, bool)
    found: dict[str, list[str]] = {}

    async def look_at(window: Window, *paths: str) -> None:
        for path in paths:
            await window.go(path)
            wide = await window.page.evaluate("document.documentElement.scrollWidth > innerWidth")
            found[path] = [*await window.axe(), *(["wider than the window"] if wide else [])]

    window = await new_window(bypass_csp=True, **LOOKS[look])
    await look_at(window, "/", "/sign-in", "/sign-up", "/forgot-password", "/new-password", "/confirm")
    await look_at(window, "/tickets", "/nowhere")
    await look_at(window, f"/shows/{performance.show_id}", f"/performances/{performance.id}")
    await window.sign_in(customer.email, PASSWORD)
    await look_at(window, "/tickets", f"/tickets/{ticket.id}", "/orders", order.path.removeprefix("/api"))
    await look_at(window, "/inbox", "/account", "/checkout", "/organise")
    await window.open_seats(performance.id)
    await window.press("Pick the best")
    await window.press("Hold these seats")
    await window.heading("Nearly yours.")
    found["payment"] = await window.axe()
    staff = await new_window(bypass_csp=True, **LOOKS[look])
    await staff.sign_in(tier.organiser, tier.organiser_password)
    await look_at(staff, "/organise", f"/organise/shows/{performance.show_id}", "/organise/venues/new")
    assert {path: troubles for path, troubles in found.items() if troubles} == {}


async def test_a_first_visit_is_light(window: Window) -> None:
    protocol = await window.page.context.new_cdp_session(window.page)
    await protocol.send("Network.enable")
    sizes: list[float] = []
    protocol.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    await window.go("/")
    await window.page.wait_for_load_state("networkidle")
    assert sum(sizes) <= FIRST_VISIT_BYTES


async def test_the_largest_seat_map_is_soon_there(window: Window, organiser: Organiser) -> None:
    await window.go("/")
    _, arena = await organiser.arena()
    script = """async ([module, id]) => {
        const {seatmap} = await import(module);
        const {seats} = await (await fetch(`/api/performances/${id}/seats`)).json();
        const began = performance.now();
        const {node} = seatmap(seats, {onToggle() {}, onRefuse() {}});
        document.querySelector("main").replaceChildren(node);
        node.getBoundingClientRect();
        return [seats.length, performance.now() - began];
    }"""
    main = await window.page.locator("script[type=module]").get_attribute("src")
    module = str(main).replace("main.js", "seatmap/seatmap.js")
    runs: list[list[float]] = [await window.page.evaluate(script, [module, str(arena)]) for _ in range(3)]
    assert runs[0][0] == 2000
    assert min(ms for _, ms in runs) <= SEAT_MAP_MS


async def test_the_programme_is_searched_by_word_city_and_date(window: Window, performance: Performance) -> None:
    titles = window.page.locator(".wall h3")
    day = performance.starts_at.date()
    await window.go(f"/?q={performance.show}")
    for dates, found in (
        ({"from": day, "to": day}, [performance.show]),
        ({"from": day + timedelta(days=1), "to": ""}, []),
        ({"from": "", "to": day - timedelta(days=1)}, []),
    ):
        await window.fill(**{name: str(value) for name, value in dates.items()})
        await (titles.first if found else window.page.get_by_text("Nothing matches that")).wait_for()
        assert await titles.all_inner_texts() == found
    await window.page.get_by_label("City").select_option("Ghent")
    await window.page.get_by_text("Nothing matches that").wait_for()
    await window.fill(to="")
    await titles.first.wait_for()
    assert "city=Ghent" in window.page.url


@pytest.mark.parametrize(
    ("wrong", "sign"),
    [
        ("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=1>')", "Content Security Policy"),
        ("document.body.setAttribute('style', 'color: red')", "Content Security Policy"),
        ("fetch('https://elsewhere.test').catch(() => {})", "Content Security Policy"),
        ("setTimeout(() => { throw new Error('a slip') })", "a slip"),
        ("console.error('a slip')", "a slip"),
    ],
)
async def test_what_goes_wrong_in_a_window_is_noticed(window: Window, wrong: str, sign: str) -> None:
    await window.go("/sign-in")
    await window.page.evaluate(wrong)
    await eventually(window.so_far, lambda troubles: any(sign in each for each in troubles))
    window.troubles.clear()
    window.hosts.discard("elsewhere.test")


async def test_who_is_told_that_it_is_busy_waits_and_is_served(window: Window) -> None:
    refusals = iter([1, 1])

    async def busy(route: Any) -> None:
        if next(refusals, None) is None:
            await route.continue_()
            return
        body = json.dumps({"type": "https://boxoffice.test/problems/busy", "title": "Busy", "status": 503})
        headers = {"retry-after": "1", "content-type": "application/problem+json"}
        await route.fulfill(status=503, headers=headers, body=body)

    await window.page.route("**/api/shows?*", busy)
    await window.page.goto(window.url)
    await window.page.get_by_text("You are in the queue").wait_for()
    await window.page.wait_for_selector(".show h3")


async def test_who_is_offline_is_told_and_may_try_again(home: Window) -> None:
    await home.go("/")
    await home.page.wait_for_load_state("networkidle")
    await home.page.context.set_offline(True)
    await home.press("Tickets", role="link", within="header")
    await home.page.get_by_role("heading", name="You seem to be offline").wait_for()
    await home.page.context.set_offline(False)
    await home.press("Try again")
    await home.page.get_by_role("heading", name="No tickets yet").wait_for()
    home.troubles = [each for each in home.troubles if "ERR_INTERNET_DISCONNECTED" not in each]


async def test_the_tier_shows_who_answered(window: Window) -> None:
    await window.go("/")
    await window.page.locator(".tierbar > button").click()
    await window.page.locator(".tierbar .legend").get_by_text("median").first.wait_for()
    assert " on " in await window.page.locator(".tierbar .last").inner_text()


async def test_without_scripts_it_says_so(new_window: NewWindow) -> None:
    window = await new_window(java_script_enabled=False)
    await window.page.goto(window.url)
    assert "needs JavaScript" in await window.page.inner_text("main")


@pytest.mark.skipif("SCREENSHOTS" not in os.environ, reason="SCREENSHOTS=FOLDER takes pictures of the main pages")
async def test_pictures(new_window: NewWindow, customer: Customer, organiser: Organiser) -> None:
    folder = Path(os.environ["SCREENSHOTS"])
    light = await new_window(viewport={"width": 1280, "height": 800}, color_scheme="light")
    dark = await new_window(viewport={"width": 1280, "height": 800}, color_scheme="dark")
    phone = await new_window(viewport={"width": 390, "height": 800}, color_scheme="light", device_scale_factor=2)

    async def take(window: Window, name: str) -> None:
        picture = folder / f"{name}.jpg"
        await window.page.screenshot(path=picture, type="jpeg", quality=64)
        assert picture.stat().st_size <= PICTURE_BYTES

    await light.go("/")
    await take(light, "programme")
    await phone.go("/")
    await take(phone, "phone")
    _, arena = await organiser.arena()
    await dark.open_seats(arena)
    await dark.press("Pick the best")
    await take(dark, "seats")
    await light.sign_in(customer.email, PASSWORD)
    await light.open_seats(arena)
    await light.press("Pick the best")
    await light.press("Hold these seats")
    await light.heading("Nearly yours.")
    await take(light, "checkout")
    await light.press("Pay")
    await light.heading("See you there.")
    await light.page.wait_for_selector(".ticket .code")
    await light.page.wait_for_load_state("networkidle")
    await take(light, "order")

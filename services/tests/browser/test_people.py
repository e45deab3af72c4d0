"""Accounts and organisers in a real browser."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from support.browser import NewWindow, Window
from support.customer import PASSWORD, Customer
from support.shapes import Performance
from support.tier import Tier


async def test_signing_out_everywhere_is_noticed_everywhere(new_window: NewWindow, customer: Customer) -> None:
    here, there = await new_window(), await new_window()
    for window in (here, there):
        await window.sign_in(customer.email, PASSWORD)
    await here.go("/account")
    await here.press("Sign out everywhere")
    await here.page.get_by_role("link", name="Sign in", exact=True).wait_for()

    await there.press("Tickets", role="link", within="header")
    await there.page.locator("dialog", has_text="Your session has ended").wait_for()
    await there.fill(email=customer.email, password=PASSWORD)
    await there.press("Sign in", within="dialog")
    await there.page.get_by_role("heading", name="No tickets yet").wait_for()


async def test_one_lost_phone_is_signed_out_from_afar(new_window: NewWindow, customer: Customer) -> None:
    here, lost = await new_window(), await new_window(user_agent="Mozilla/5.0 (iPhone) Safari/605")
    for window in (here, lost):
        await window.sign_in(customer.email, PASSWORD)
    await here.go("/account")
    await here.press("Sign out Safari on iPhone")
    await here.page.get_by_role("button", name="Sign out Safari on iPhone").wait_for(state="detached")

    await lost.press("Tickets", role="link", within="header")
    await lost.page.locator("dialog", has_text="Your session has ended").wait_for()
    await here.press("Tickets", role="link", within="header")
    await here.page.get_by_role("heading", name="No tickets yet").wait_for()


async def test_a_wrong_password_is_said_where_it_was_typed(window: Window, customer: Customer) -> None:
    await window.go("/sign-in")
    await window.fill(email=customer.email, password="wrong-wrong-wrong")
    await window.press("Sign in", within="main")
    await window.page.get_by_role("alert").get_by_text("do not go together").wait_for()


async def test_an_erased_account_is_gone(home: Window, customer: Customer) -> None:
    await home.go("/account")
    await home.fill(**{"erasure-password": "not-my-password"})
    await home.press("Erase my account")
    await home.press("Erase everything", within="dialog")
    await home.page.get_by_role("alert").get_by_text("The password is wrong").wait_for()
    await home.fill(**{"erasure-password": PASSWORD})
    await home.press("Erase my account")
    await home.press("Erase everything", within="dialog")
    await home.page.get_by_role("link", name="Sign in", exact=True).wait_for()
    await home.go("/sign-in")
    await home.fill(email=customer.email, password=PASSWORD)
    await home.press("Sign in", within="main")
    await home.page.get_by_role("alert").get_by_text("do not go together").wait_for()


async def test_an_organiser_puts_on_a_show(window: Window, tier: Tier) -> None:
    title = f"Browser {uuid4().hex[:6]}"
    await window.sign_in(tier.organiser, tier.organiser_password)
    await window.go("/organise/venues/new")
    venue = f"Hall {uuid4().hex[:6]}"
    await window.fill(name=venue, city="Ghent", country="BE", timezone="Europe/Brussels")
    await window.press("Add the venue")
    await window.heading("Put on a show")
    await window.fill(title=title, genre="Jazz", description="It swings.")
    await window.press("Add the show")
    await window.heading(title)

    await window.page.locator("[name=venue_id]").select_option(label=f"{venue}, Ghent")
    start = f"{datetime.now(UTC) + timedelta(days=20):%Y-%m-%d}T19:30"
    await window.fill(starts_at=start, **{"price-0": "30", "price-1": "20.50"})
    await window.press("Put it on sale")
    await window.page.get_by_text("0 seats sold of 200").wait_for()
    await window.press("See it as customers do", role="link")
    await window.page.locator(".date", has_text=venue).wait_for()
    assert "19:30" in await window.page.locator(".date .where").inner_text()


async def test_an_organiser_sees_seats_and_money_come_in(
    window: Window, tier: Tier, customer: Customer, performance: Performance
) -> None:
    await window.sign_in(tier.organiser, tier.organiser_password)
    await window.go(f"/organise/shows/{performance.show_id}")
    await window.page.get_by_text("0 seats sold of 20: nothing earned yet.").wait_for()
    await customer.buy(performance.id, ["A1", "B1"])
    await customer.hold(performance.id, ["A2"])
    await window.page.get_by_text("2 seats sold of 20: €40.").wait_for()
    await window.page.get_by_role("img", name="2 sold, 1 held, 17 free").wait_for()
    await window.page.get_by_role("img", name="€40 of €400").wait_for()


async def test_organisers_pages_are_not_for_customers(home: Window) -> None:
    await home.go("/organise")
    await home.page.get_by_role("heading", name="This door is for staff").wait_for()

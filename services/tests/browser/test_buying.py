"""Buying tickets in a real browser."""

import asyncio
import re
import time
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from chassis.testing import eventually
from support.browser import NewWindow, Window
from support.customer import PASSWORD, Customer, NewCustomer
from support.shapes import Performance
from support.stack import Stack

SEEN_ELSEWHERE_SECONDS = 2.0
CODES_THAT_SHOW = "[...document.querySelectorAll('.code')].filter((code) => code.naturalWidth).length"


async def test_somebody_new_finds_a_show_and_buys_two_tickets(window: Window, performance: Performance) -> None:
    await window.go("/")
    await window.page.get_by_label("Search").fill(performance.show)
    await window.press(performance.show, role="link", within=".wall")
    await window.press("Choose seats", role="link")
    await window.press("Pick the best")
    assert await window.chosen() == ["A5", "A6"]

    await window.press("Hold these seats")
    await window.press("I am new here", role="link", within="dialog")
    await window.heading("Come on in.")
    await window.fill(name="Ada Example", email=f"{uuid4().hex}@example.test", password=PASSWORD, country="IE")
    await window.press("Open an account", within="main")
    await window.page.wait_for_url(re.compile("/performances/"))
    await window.press("Pick the best")
    await window.press("Hold these seats")
    await window.heading("Nearly yours.")
    await window.press("Pay €50")

    await window.heading("See you there.")
    assert await window.page.locator(".steps .done .stepname").all_inner_texts() == [
        "Order taken",
        "Payment received",
        "Seats yours",
    ]
    await window.page.wait_for_selector(".ticket >> nth=1")
    await window.press("Tickets", role="link", within="header")
    await eventually(partial(window.page.evaluate, CODES_THAT_SHOW), lambda number: number == 2)
    await window.press("Inbox", role="link")
    await window.page.get_by_role("heading", name=f"Your 2 tickets for {performance.show}").wait_for()


async def test_a_declined_card_gives_the_seats_back(home: Window, performance: Performance) -> None:
    await home.open_seats(performance.id)
    await home.seat("B3").click()
    await home.press("Hold these seats")
    await home.page.get_by_label("A card that is declined").check()
    await home.press("Pay €15")
    await home.heading("The payment was declined.")
    await home.press("Choose seats again", role="link")
    await home.page.wait_for_selector('[aria-label^="Row B, seat 3,"].available')


async def test_two_want_the_same_seat_and_one_gets_it(
    new_window: NewWindow, new_customer: NewCustomer, performance: Performance
) -> None:
    windows = [await new_window(), await new_window()]
    for window in windows:
        customer = await new_customer()
        await window.sign_in(customer.email, PASSWORD)
        await window.open_seats(performance.id)
        await window.seat("A1").click()
    both = asyncio.Barrier(len(windows))

    async def at_the_same_time(route: Any) -> None:
        await both.wait()
        await route.continue_()

    for window in windows:
        await window.page.route("**/api/holds", at_the_same_time)
        await window.press("Hold these seats")

    async def outcome(window: Window) -> str:
        won = window.page.get_by_role("heading", name="Nearly yours.")
        lost = window.page.locator(".toast", has_text="Just gone: A1")
        await won.or_(lost).first.wait_for()
        return "won" if await won.count() else "lost"

    assert sorted([await outcome(window) for window in windows]) == ["lost", "won"]


async def test_a_seat_that_goes_elsewhere_is_seen_to_go(
    window: Window, customer: Customer, performance: Performance
) -> None:
    await window.open_seats(performance.id)
    await window.seat("A4").click()
    began = time.monotonic()
    await customer.hold(performance.id, ["A4"])
    await window.page.locator(".toast", has_text="Just gone: A4").wait_for()
    assert time.monotonic() - began < SEEN_ELSEWHERE_SECONDS
    assert await window.chosen() == []


async def test_everything_goes_by_keyboard(home: Window, performance: Performance) -> None:
    await home.open_seats(performance.id)
    await home.page.locator("[role=gridcell][tabindex='0']").focus()
    for key in ("Home", "Space", "ArrowRight", "Enter", "PageDown", "End", "Space"):
        await home.page.keyboard.press(key)
    assert await home.chosen() == ["A1", "A2", "B10"]
    await home.page.get_by_role("button", name="Hold these seats").press("Enter")
    await home.page.get_by_role("button", name="Pay €65").press("Enter")
    await home.heading("See you there.")


@pytest.mark.faults
async def test_nobody_notices_an_instance_that_dies_between_two_clicks(
    home: Window, performance: Performance, stack: Stack
) -> None:
    await home.open_seats(performance.id)
    await home.press("Pick the best")
    first, second, *_ = await stack.those_of("seats")
    for name in (first, second):
        await stack.kill(name)
        if name == first:
            await home.press("Hold these seats")
            await home.heading("Nearly yours.")
        await stack.until_ready()
    await home.press("Pay €50")
    await home.heading("See you there.", seconds=30)
    home.troubles = [each for each in home.troubles if "Failed to load resource" not in each]


async def test_a_cancelled_order_is_refunded_before_ones_eyes(home: Window, performance: Performance) -> None:
    await home.open_seats(performance.id)
    await home.seat("B1").click()
    await home.press("Hold these seats")
    await home.press("Pay €15")
    await home.heading("See you there.")
    await home.press("Cancel this order")
    await home.press("Cancel the order", within="dialog")
    await home.heading("Your money is on its way back.")

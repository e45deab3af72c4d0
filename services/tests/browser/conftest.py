"""Windows of a real browser, for tests that look at the storefront."""

import importlib
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from support.browser import NewWindow, Window, launch, what_is_missing
from support.customer import PASSWORD, Customer
from support.tier import Tier

HERE = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs Playwright and Chromium")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def playwright_api() -> Any:
    """Playwright's module. Ask for it before the tier, which takes long to bring up.

    Where it or Chromium is missing the tests are skipped, and fail where TEST_BROWSER=required has asked for them.
    """
    if missing := what_is_missing():
        if os.environ.get("TEST_BROWSER") == "required":
            pytest.fail(missing, pytrace=False)
        pytest.skip(missing)
    return importlib.import_module("playwright.async_api")


@pytest.fixture
async def new_window(playwright_api: Any, tier: Tier) -> AsyncIterator[NewWindow]:
    """`await new_window()`: a browser without cookies. Afterwards none of them may have complained about anything."""
    async with AsyncExitStack() as stack:
        playwright = await stack.enter_async_context(playwright_api.async_playwright())
        browser = await launch(playwright)
        stack.push_async_callback(browser.close)
        windows: list[Window] = []

        async def new_window(**options: Any) -> Window:
            # The CA of a local tier is in no browser's store; that TLS is right is tested elsewhere.
            context = await browser.new_context(**{"ignore_https_errors": True, "reduced_motion": "reduce", **options})
            windows.append(Window(await context.new_page(), tier.url))
            windows[-1].watch()
            return windows[-1]

        yield new_window
        assert [trouble for window in windows for trouble in window.troubles] == []
        assert {host for window in windows for host in window.hosts} <= {tier.url.partition("://")[2], ""}


@pytest.fixture
async def window(new_window: NewWindow) -> Window:
    return await new_window()


@pytest.fixture
async def home(window: Window, customer: Customer) -> Window:
    """A window where `customer` is signed in."""
    await window.sign_in(customer.email, PASSWORD)
    return window

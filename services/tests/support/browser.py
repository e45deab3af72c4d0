"""A real browser at the box office: Chromium driven by Playwright, which tests get only where both are there."""

import importlib.util
import re
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

GET_PLAYWRIGHT = "Playwright is not here: `make test-browser` installs it"
GET_CHROMIUM = (
    "Chromium is not here: `sudo apt install chromium`, "
    "or `.venv/bin/python -m playwright install --with-deps chromium`"
)
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
IN_A_CONTAINER = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
AXE = Path(__file__).parents[1] / "browser" / "axe.min.js"
PATIENCE_MS = 30_000
REFUSED = re.compile(r"status of (4\d\d|503)")
"""What Chromium writes to the console about an answer that the page deals with."""
NETWORK_CHANGED = "net::ERR_NETWORK_CHANGED"
"""What Chromium says of all that is under way when this machine gets or loses an interface, as Docker makes them."""
LOADS = 4


def chromium() -> str | None:
    """Where Chromium is: that of this system, else the one that Playwright has downloaded."""
    if found := next((path for name in PROGRAMS if (path := shutil.which(name))), None):
        return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        downloaded = Path(playwright.chromium.executable_path)
    return str(downloaded) if downloaded.exists() else None


def what_is_missing() -> str | None:
    """What to install before a browser can be used."""
    if importlib.util.find_spec("playwright") is None:
        return GET_PLAYWRIGHT
    return None if chromium() else GET_CHROMIUM


async def launch(playwright: Any) -> Any:
    return await playwright.chromium.launch(executable_path=chromium(), args=[*QUIET, *IN_A_CONTAINER])


@dataclass
class Window:
    """A window of a browser of its own, at the shop's door. Collects whatever went wrong in it."""

    page: Any
    url: str
    troubles: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    network_changes: int = 0

    def watch(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        self.page.on("console", self._said)
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))

    def _said(self, message: Any) -> None:
        if NETWORK_CHANGED in message.text:
            self.network_changes += 1
        elif message.type in ("error", "warning") and not REFUSED.search(message.text):
            self.troubles.append(f"{message.type}: {message.text}")

    async def so_far(self) -> list[str]:
        """What has gone wrong until now."""
        return self.troubles

    async def go(self, path: str) -> None:
        """Open an address and wait for the page; it is loaded again where it lost parts to a change of the network."""
        for _ in range(LOADS):
            before = self.network_changes
            try:
                await self.page.goto(self.url + path)
                await self.settled()
            except Exception as error:
                if self.network_changes == before and NETWORK_CHANGED not in str(error):
                    raise
            else:
                if self.network_changes == before:
                    return

    async def settled(self) -> None:
        """Wait until nothing of the page is loading any more."""
        await self.page.wait_for_selector("main h1, main [role=alert]")
        await self.page.wait_for_selector("[aria-busy=true]", state="detached")

    async def heading(self, text: str, *, seconds: float = PATIENCE_MS / 1000) -> None:
        await self.page.get_by_role("heading", level=1, name=text).wait_for(timeout=seconds * 1000)

    async def press(self, name: str, *, role: Literal["button", "link"] = "button", within: str = "body") -> None:
        await self.page.locator(within).get_by_role(role, name=name).first.click()

    async def fill(self, **fields: str) -> None:
        """Fill in fields by their names, in the dialog where there is one."""
        place = self.page.locator("dialog[open]" if await self.page.locator("dialog[open]").count() else "main")
        for name, value in fields.items():
            control = place.locator(f"[name={name}]")
            is_choice = await control.evaluate("node => node.tagName === 'SELECT'")
            await (control.select_option(value) if is_choice else control.fill(value))

    async def sign_in(self, email: str, password: str) -> None:
        await self.go("/sign-in")
        await self.fill(email=email, password=password)
        await self.press("Sign in", within="main")
        await self.page.get_by_role("link", name="Account", exact=True).wait_for()

    async def open_seats(self, performance: object) -> None:
        """Open a seat map and wait until it is live."""
        await self.go(f"/performances/{performance}")
        await self.page.wait_for_selector(".livedot .dot.on")

    def seat(self, label: str) -> Any:
        """The seat `A1`: row A, seat 1."""
        parts = re.fullmatch(r"(\D+)(\d+)", label)
        assert parts is not None
        return self.page.locator(f'[role=gridcell][aria-label^="Row {parts[1]}, seat {parts[2]},"]')

    async def chosen(self) -> list[str]:
        labels: list[str] = await self.page.locator(".seatname").all_inner_texts()
        return labels

    async def axe(self) -> list[str]:
        """What axe-core finds against WCAG 2.2 AA, one line each."""
        # What the bar at the bottom covers can be scrolled into sight, which axe does not know.
        await self.page.evaluate("document.querySelector('.tierbar').style.position = 'static'")
        if not await self.page.evaluate("'axe' in window"):
            await self.page.add_script_tag(content=AXE.read_text())
        found = await self.page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})")
        return [f"{each['id']}: {each['nodes'][0]['html'][:120]}" for each in found["violations"]]


NewWindow = Callable[..., Awaitable[Window]]
"""Opens a window of a browser without cookies; takes what Playwright takes for a new context."""

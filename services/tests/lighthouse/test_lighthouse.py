"""What Lighthouse says of the main pages, on a phone and on a desktop.

Accessibility and best practices decide. Performance is told and decides nothing: it is a time, and machines differ.
"""

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from support.browser import GET_CHROMIUM, PROGRAMS
from support.organiser import Organiser
from support.tier import Tier

HERE = Path(__file__).parent
AT_LEAST = 95
DECIDE = ("accessibility", "best-practices")
SECONDS = 360


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """Of Lighthouse's process. Ask for it before the tier, which takes long to bring up."""
    if os.environ.get("TEST_LIGHTHOUSE") != "required":
        pytest.skip("`make lighthouse` runs it (needs node 20 and Chromium)")
    chromium = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if chromium is None:
        pytest.fail(GET_CHROMIUM, pytrace=False)
    return {**os.environ, "CHROME_PATH": chromium}


@pytest.mark.parametrize("look", ["desktop", "mobile"])
async def test_lighthouse_is_content(
    environment: dict[str, str], look: str, tier: Tier, organiser: Organiser, capsys: pytest.CaptureFixture[str]
) -> None:
    show, performance = await organiser.arena()
    pages = {"programme": "/", "show": f"/shows/{show}", "seat map": f"/performances/{performance}"}
    reports = await _lighthouse(environment, look, [tier.url + path for path in pages.values()])
    short: dict[str, Any] = {}
    with capsys.disabled():
        for name, report in zip(pages, reports, strict=True):
            told = {**report["scores"], **report["metrics"]}
            print(f"\n{look:8} {name:10} " + " · ".join(f"{what} {value}" for what, value in told.items()), end="")
            if any(report["scores"][each] < AT_LEAST for each in DECIDE):
                short[name] = report["short"]
    assert short == {}


async def _lighthouse(environment: dict[str, str], look: str, urls: list[str]) -> list[Any]:
    """A report on each of `urls`, as `score.js` writes it."""
    process = await asyncio.create_subprocess_exec(
        "node", "score.js", look, *urls, cwd=HERE, env=environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), SECONDS)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    assert process.returncode == 0
    return [json.loads(line) for line in out.splitlines()]

"""Thousands of requests made up from the API's document, by Schemathesis with all of its checks.

`make test-generated` runs it for a minute, `SECONDS=1800 make test-generated` for long. Each run prints its numbers.
"""

import asyncio
import importlib.util
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from secrets import token_hex

import pytest

from chassis.http.conformance import Conformance
from chassis.http.openapi import document
from chassis.service import load_services
from chassis.testing import App
from support.brokers import Broker
from support.generated import Played
from support.http import serving

HERE = Path(__file__).parent
SECONDS = int(os.environ.get("GENERATED_SECONDS", "60"))
SERVICES = ("accounts", "catalog", "notifications", "orders", "payments", "seats")
FLOOR = 100
"""A run of fewer requests has said nothing, whatever its outcome."""
PHASES = "examples,coverage,fuzzing,stateful"
MANY = "1000000"
SETTINGS = {
    "ACCOUNTS_FAILURES_PER_EMAIL": MANY,
    "ACCOUNTS_MOST_FAILURES_PER_EMAIL": MANY,
    "ACCOUNTS_FAILURES_PER_ACCOUNT": MANY,
    "ACCOUNTS_MOST_FAILURES_PER_ACCOUNT": MANY,
    "ACCOUNTS_FAILURES_PER_ADDRESS": MANY,
    "ACCOUNTS_REGISTRATIONS_PER_ADDRESS": MANY,
    "ACCOUNTS_REGISTRATIONS_PER_EMAIL": MANY,
    "ACCOUNTS_RESETS_PER_ADDRESS": MANY,
    "ACCOUNTS_RESETS_PER_EMAIL": MANY,
    "ACCOUNTS_PASSWORD_MEMORY_KIB": "8",
    "ACCOUNTS_PASSWORD_ROUNDS": "1",
}
"""A generator is one client that sends what a thousand would: limits would hide the API, and hashing take the time."""

pytestmark = [pytest.mark.timeout(SECONDS * 2 + 600)]


@pytest.fixture(scope="session")
def schemathesis() -> Path:
    """The command. Where it is missing the tests are skipped, and fail where TEST_GENERATED=required asks for them."""
    if importlib.util.find_spec("schemathesis") is None:
        missing = "Schemathesis is not here: `make test-generated` installs it"
        if os.environ.get("TEST_GENERATED") == "required":
            pytest.fail(missing, pytrace=False)
        pytest.skip(missing)
    return Path(sys.executable).with_name("schemathesis")


@pytest.fixture
async def played(kafka: Broker, run: Callable[..., Awaitable[App]], monkeypatch: pytest.MonkeyPatch) -> Played:
    """All services in this process, with limits that a generator does not reach."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    services = load_services(SERVICES)
    secrets = {"services/accounts": {"signing_key": token_hex(32)}}
    app = await run(*services, secrets=secrets, max_in_flight=64, log_level="ERROR")
    for service in services:
        if service.seed and service.name == "catalog":
            await service.seed(app.runtime(service.name))
    return Played(app, Conformance(document(services)))


@pytest.mark.parametrize("role", ["nobody", "customer", "organiser"])
async def test_every_answer_to_made_up_requests_is_documented(role: str, schemathesis: Path, played: Played) -> None:
    async with serving(played, lifespan="off") as url:
        code, said = await generate(schemathesis, url, role)

    total = sum(played.statuses.values())
    print(f"\n{role}: {total} requests, statuses {dict(sorted(played.statuses.items()))}")
    assert played.findings == []
    assert not [status for status in played.statuses if status >= 500]
    assert code == 0, said[-20_000:]
    assert total >= FLOOR


async def generate(command: Path, url: str, role: str) -> tuple[int, str]:
    """Run Schemathesis against `url` as `role`; its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(str(command), "--config-file", str(HERE / "schemathesis.toml"), "run", f"{url}/api/openapi.json"),
        *("--phases", PHASES, "--checks", "all", "--max-time", str(SECONDS // 3)),
        env={**os.environ, "GENERATED_ROLE": role},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    said = (await process.stdout.read()).decode()
    return await process.wait(), said

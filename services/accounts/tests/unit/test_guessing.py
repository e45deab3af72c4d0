"""How long a guess waits, and which browser is a known device."""

import math
import time
from uuid import uuid4

import pytest

from accounts import devices
from accounts.guessing import Pace
from accounts.keys import Keys
from chassis.secrets import SecretValue
from chassis.testing import StaticSecrets

ANN, BOB = uuid4(), uuid4()


def keys_with(key: str) -> Keys:
    secrets = StaticSecrets({"services/accounts": {"signing_key": key}})
    return Keys(SecretValue(secrets, "services/accounts", "signing_key"))


def test_a_pause_grows_with_what_went_wrong() -> None:
    pace = Pace(free=8, most=100, longest_seconds=4.0)
    pauses = [pace.pause_after(wrong) for wrong in range(101)]
    assert pauses[:8] == [0.0] * 8
    assert pauses[8:16] == [1.0] * 8
    assert pauses[16:24] == [2.0] * 8
    assert pauses[24:100] == [4.0] * 76
    assert pauses[100] == math.inf
    assert Pace(8, math.inf, 4.0).pause_after(10**6) == 4.0


async def test_a_device_is_known_to_one_account_for_half_a_year(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = keys_with("5e" * 32)
    cookie = await devices.issue(keys, ANN)
    known = await devices.recognise(keys, cookie, ANN)
    assert known
    assert not known.is_stale
    assert await devices.recognise(keys, cookie, BOB) is None
    assert await devices.recognise(keys_with("6f" * 32), cookie, ANN) is None
    now = time.time()
    monkeypatch.setattr("accounts.devices.time.time", lambda: now + 31 * 24 * 3600)
    assert (await devices.recognise(keys, cookie, ANN) or known).is_stale
    monkeypatch.setattr("accounts.devices.time.time", lambda: now + 181 * 24 * 3600)
    assert await devices.recognise(keys, cookie, ANN) is None


@pytest.mark.parametrize("cookie", [None, "", "x", "é", "\ud800", "=" * 9, "A" * 64, "A" * 63 + "?", "\x00" * 64])
async def test_anything_else_is_no_device(cookie: str | None) -> None:
    assert await devices.recognise(keys_with("5e" * 32), cookie, ANN) is None


async def test_every_bit_of_a_device_cookie_counts() -> None:
    keys = keys_with("5e" * 32)
    cookie = await devices.issue(keys, ANN)
    for position, character in enumerate(cookie):
        changed = cookie[:position] + ("A" if character != "A" else "B") + cookie[position + 1 :]
        assert await devices.recognise(keys, changed, ANN) is None, position

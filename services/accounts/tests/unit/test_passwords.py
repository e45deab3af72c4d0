"""Passwords: what is right, what it costs, and how many at a time."""

import asyncio

import pytest

from accounts.passwords import Passwords
from accounts.settings import Settings
from chassis.http import Busy

CHEAP = Settings(password_memory_kib=64, password_rounds=1, concurrent_hashes=1)
PASSWORD = "correct horse battery staple"


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(CHEAP)


async def test_only_the_right_password_is_right(passwords: Passwords) -> None:
    known = await passwords.hash(PASSWORD)
    assert await passwords.verify(known, PASSWORD)
    assert not await passwords.verify(known, PASSWORD + " ")
    assert not await passwords.verify(known, "")
    assert not await passwords.verify("no hash at all", PASSWORD)


async def test_equal_passwords_have_different_hashes_and_none_shows_the_password(passwords: Passwords) -> None:
    first, second = await passwords.hash(PASSWORD), await passwords.hash(PASSWORD)
    assert first != second
    assert first.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert PASSWORD not in first


async def test_keyboards_may_compose_characters_differently(passwords: Passwords) -> None:
    known = await passwords.hash("pa\u00dfwort \u00e9l\u00e8ve")
    assert await passwords.verify(known, "pa\u00dfwort e\u0301le\u0300ve")


async def test_without_an_account_no_password_is_right_and_the_work_is_the_same() -> None:
    passwords = Passwords(Settings())
    hashed: list[str] = []
    verify = passwords._verify

    def remember(known_hash: str, password: bytes) -> bool:
        hashed.append(known_hash)
        return verify(known_hash, password)

    passwords._verify = remember  # type: ignore[method-assign]
    known = await passwords.hash(PASSWORD)
    assert await passwords.verify(known, PASSWORD)
    assert not await passwords.verify(None, PASSWORD)
    parameters = [each.rsplit("$", 2)[0] for each in hashed]
    assert parameters == ["$argon2id$v=19$m=19456,t=2,p=1"] * 2
    assert [len(each) for each in hashed] == [len(known)] * 2


async def test_a_hash_of_yesterday_is_outdated(passwords: Passwords) -> None:
    stronger = Passwords(Settings(password_memory_kib=128, password_rounds=1))
    known = await passwords.hash(PASSWORD)
    assert not passwords.is_outdated(known)
    assert stronger.is_outdated(known)
    assert await stronger.verify(known, PASSWORD)


async def test_slots_bound_how_many_are_hashed_at_once(passwords: Passwords) -> None:
    async with passwords.slot():
        waiting = asyncio.create_task(passwords.slot().__aenter__())
        done, _ = await asyncio.wait({waiting}, timeout=0.02)
        assert not done
    await asyncio.wait_for(waiting, 1)


async def test_past_the_waiting_line_is_a_503(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.passwords.MAX_WAITING", 0)
    crowded = Passwords(CHEAP)
    async with crowded.slot():
        with pytest.raises(Busy) as refused:
            await crowded.slot().__aenter__()
    assert refused.value.status == 503

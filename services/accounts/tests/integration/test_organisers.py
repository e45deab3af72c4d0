"""`boxoffice organiser add EMAIL`: who may put on shows."""

from typing import Any
from uuid import UUID

import pytest

from accounts.domain import ORGANISER
from accounts.handlers import set_role
from chassis.errors import NotFound


async def roles(client: Any) -> list[str]:
    answer = (await client.get("/api/accounts/me")).json()
    return list(answer["roles"])


async def session_roles(app: Any, account: Any) -> set[tuple[str, ...]]:
    sessions = await app.runtime("accounts").sessions.list(UUID(account["id"]))
    return {session.roles for session in sessions}


async def test_the_sessions_of_an_account_follow_its_role(app: Any, ann: Any, sign_in: Any) -> None:
    other = app.another_client().client
    assert (await sign_in(ann["email"], browser=other)).status_code == 201
    runtime = app.runtime("accounts")
    for granted, expected in ((True, (ORGANISER,)), (True, (ORGANISER,)), (False, ()), (False, ())):
        await set_role(runtime, email=ann["email"].upper(), role=ORGANISER, granted=granted)
        assert await session_roles(app, ann) == {expected}
        assert await roles(app.client) == list(expected)
    assert len(await runtime.sessions.list(UUID(ann["id"]))) == 2


async def test_who_signs_in_later_has_the_role(app: Any, ann: Any, sign_in: Any) -> None:
    await set_role(app.runtime("accounts"), email=ann["email"], role=ORGANISER, granted=True)
    assert (await sign_in(ann["email"])).status_code == 201
    assert await session_roles(app, ann) == {(ORGANISER,)}


async def test_no_other_account_gets_the_role(app: Any, ann: Any, register: Any) -> None:
    other = await register()
    await set_role(app.runtime("accounts"), email=other["email"], role=ORGANISER, granted=True)
    assert await roles(app.client) == []


async def test_a_changed_session_lives_no_longer(app: Any, ann: Any) -> None:
    runtime = app.runtime("accounts")
    [session] = await runtime.sessions.list(UUID(ann["id"]))
    await runtime.redis.expire(f"session:{session.key}", 7)
    await set_role(runtime, email=ann["email"], role=ORGANISER, granted=True)
    assert 0 < await runtime.redis.ttl(f"session:{session.key}") <= 7


async def test_a_change_of_role_is_a_security_event(app: Any, ann: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="security"):
        for granted in (True, False):
            await set_role(app.runtime("accounts"), email=ann["email"], role=ORGANISER, granted=granted)
    told = [each.security for each in caplog.records if each.name == "security"]  # type: ignore[attr-defined]
    found = [(each["event"], each["subject"], each["reason"]) for each in told]
    assert found == [("role-change", ann["id"], f"organiser-{word}") for word in ("given", "taken")]
    assert ann["email"] not in caplog.text


@pytest.mark.parametrize("email", ["nobody@example.com", "no address"])
async def test_an_unknown_address_is_an_error(app: Any, email: str) -> None:
    with pytest.raises(NotFound, match=f"no account has the address {email}"):
        await set_role(app.runtime("accounts"), email=email, role=ORGANISER, granted=True)

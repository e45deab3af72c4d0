"""Who accounts are, as accounts says it."""

from typing import Any
from uuid import UUID, uuid4

from notifications.clients import AccountsPeople
from notifications.domain import Person

ADA = {"email": "ada@example.org", "password": "a long enough phrase", "name": "Ada", "country": "NL"}


async def test_people_are_found_until_they_are_erased(run: Any) -> None:
    secrets = {
        "services/notifications": {"ticket_key": "ab" * 32},
        "services/accounts": {"signing_key": "5e" * 32},
    }
    app = await run("accounts", "notifications", secrets=secrets)
    people = AccountsPeople(app.runtime("notifications"))
    account = UUID((await app.client.post("/api/accounts", json=ADA)).json()["id"])
    found = await people.find([account, uuid4()])
    assert set(found) == {account}
    assert isinstance(found[account], Person)
    assert (found[account].email, found[account].name) == ("ada@example.org", "Ada")
    assert not found[account].confirmed
    [token] = (await people.links([account, uuid4()])).values()
    assert (await app.client.post("/api/confirmations", json={"token": token})).status_code == 204
    assert (await people.find([account]))[account].confirmed
    assert await people.links([account]) == {}
    await app.sign_in(account)
    assert (
        await app.client.request("DELETE", "/api/accounts/me", json={"password": ADA["password"]})
    ).status_code == 204
    assert await people.find([account]) == {}

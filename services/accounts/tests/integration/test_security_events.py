"""Everything that matters to security is a line of the log, and no line says who somebody is."""

import logging
from typing import Any

import httpx
import pytest

from chassis.testing import App

Json = dict[str, Any]

PASSWORD, NEW, WRONG = "correct horse battery", "seventeen purple staplers", "zebra-wrong-guess"
ANN = {"email": "annegret.zwiebel@example.com", "password": PASSWORD, "name": "Annegret Zwiebel", "country": "DE"}
PLACE = "203.0.113.77"


async def test_a_life_in_the_log_of_security(
    app: App, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.headers["x-forwarded-for"] = PLACE
    client.headers["user-agent"] = "Zwiebelbrowser/1"
    caplog.set_level(logging.INFO)
    credentials = {"email": ANN["email"], "password": PASSWORD}
    guess = credentials | {"password": WRONG}
    secrets = [*ANN.values(), NEW, WRONG, PLACE, "Zwiebelbrowser", "zwiebel"]
    secrets.remove("DE")

    async def link(id_: str) -> str:
        answer = await client.post("/internal/mail-tokens", json={"ids": [id_]})
        secrets.append(answer.json()["items"][0]["token"])
        return secrets[-1]

    account = (await client.post("/api/accounts", json=ANN)).json()["id"]
    await client.post("/api/confirmations", json={"token": await link(account)})
    await client.get("/api/accounts/me")
    for _ in range(9):
        await client.post("/api/sessions", json=guess)
    await client.post("/api/sessions", json=credentials)
    secrets += client.cookies.values()
    await client.delete("/api/sessions", headers={"sec-fetch-site": "cross-site"})
    await client.put("/api/accounts/me/password", json={"old": WRONG, "new": NEW})
    await client.put("/api/accounts/me/password", json={"old": PASSWORD, "new": NEW})
    await client.delete("/api/sessions/current")
    await client.post("/api/password-resets", json={"email": ANN["email"]})
    [reset] = [data for kind, data in await app.published("accounts") if kind.endswith("reset-requested")]
    token = await link(reset["reset_id"])
    await client.put(f"/api/password-resets/{token}", json={"password": PASSWORD})
    await client.put(f"/api/password-resets/{token}", json={"password": PASSWORD})
    await client.post("/api/sessions", json=credentials)
    await client.request("DELETE", "/api/accounts/me", json={"password": PASSWORD})

    lines = [record.security for record in caplog.records if record.name == "security"]  # type: ignore[attr-defined]
    told = [(line["event"], line["outcome"]) for line in lines]
    assert told == [
        ("registration", "done"),
        ("confirmation", "done"),
        ("access", "refused"),
        *[("sign-in", "refused")] * 8,
        ("throttle", "refused"),
        ("sign-in", "done"),
        ("policy", "refused"),
        ("access", "refused"),
        ("password-change", "done"),
        ("session-end", "done"),
        ("password-reset-request", "done"),
        ("password-reset", "done"),
        ("password-reset", "refused"),
        ("sign-in", "done"),
        ("erasure", "done"),
    ]
    assert {line["service"] for line in lines} == {"accounts"}
    assert {line["instance"] for line in lines} == {"test"}
    assert {line["network"] for line in lines} == {"203.0.113.0/24"}
    assert [line["account_id"] for line in lines if line["event"] == "erasure"] == [account]
    assert lines[-3]["route"] == "PUT /api/password-resets/{token}"
    ours = [each for each in caplog.records if each.name != "httpx"]  # the log of the browser, so to say
    everything = " ".join(f"{record.getMessage()} {vars(record)}" for record in ours)
    for secret in secrets:
        assert secret.lower() not in everything.lower(), secret

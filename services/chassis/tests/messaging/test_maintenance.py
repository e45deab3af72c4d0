"""What an operator does with dead letters and the log: `boxoffice dead-letters list|redrive`, `boxoffice replay`."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from sqlalchemy import select

from chassis.database.tables import event_log
from chassis.messaging.dead_letters import CONTENT
from chassis.messaging.events import Received
from chassis.messaging.kafka import DEAD_LETTER
from chassis.process import maintenance
from chassis.process.command import Unreachable
from chassis.secrets.secrets import Secrets, open_secrets
from chassis.settings import Settings
from chassis.testing.fakes import StaticSecrets
from chassis.testing.polling import eventually
from chassis.testing.servers import Servers
from support.talk import Ears, Said, Talk

pytestmark = pytest.mark.timeout(90)


@pytest.fixture
def settings(talk: Talk, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Of a command that runs beside alpha and beta, which it finds installed."""

    async def secrets(_: Settings) -> Secrets:
        return StaticSecrets.for_servers(servers)

    installed = {service.name: service for service in talk.app.process.services}
    monkeypatch.setattr("chassis.process.resources.open_secrets", secrets)
    monkeypatch.setattr(maintenance, "load_services", lambda names: [installed[name] for name in names])
    monkeypatch.setattr(maintenance, "configure_logging", lambda settings: None)
    return talk.app.process.settings


async def test_dead_letters_are_listed_and_sent_again_to_the_one_who_put_them_aside(
    talk: Talk, ears: Ears, settings: Settings
) -> None:
    cured = False

    def fail(events: Sequence[Received[Said]]) -> None:
        if not cured and any(event.data.number == 13 for event in events):
            raise ValueError("unlucky")

    ears.fail = fail
    await talk.say("ada", 12, 13, 14)
    assert await talk.until_heard("ada", 14) == {"ada": [12, 14]}

    async def listed() -> list[str]:
        return await maintenance.list_dead_letters(["alpha", "beta"], settings)

    [line] = await eventually(listed)
    letter = orjson.loads(line)
    assert (letter["consumer"], letter["key"], letter["reason"]) == ("beta", "ada", "ValueError: unlucky")

    cured = True
    assert await maintenance.redrive_dead_letters(["alpha", "beta"], settings) == 1
    assert await talk.until_heard("ada", 13) == {"ada": [12, 14, 13]}
    assert await listed() == []
    assert await maintenance.redrive_dead_letters(["alpha", "beta"], settings) == 0
    letters = select(event_log.c.data).where(event_log.c.topic.endswith(DEAD_LETTER))
    async with talk.app.runtime("beta").database.reading() as connection:
        [kept] = (await connection.scalars(letters)).all()
    assert {"reason", "redriven_at"} <= {*kept}
    assert not {*CONTENT} & {*kept}, "what was handled is not kept as a letter"


async def test_a_letter_that_dies_again_is_listed_again(talk: Talk, ears: Ears, settings: Settings) -> None:
    def fail(_: Sequence[Received[Said]]) -> None:
        raise ValueError("never")

    async def listed() -> list[str]:
        return await maintenance.list_dead_letters(["beta"], settings)

    ears.fail = fail
    await talk.say("ada", 13)
    assert len(await eventually(listed)) == 1
    assert await maintenance.redrive_dead_letters(["beta"], settings) == 1
    assert len(await eventually(listed)) == 1


async def test_a_letter_that_is_discarded_is_gone_with_what_it_held(talk: Talk, ears: Ears, settings: Settings) -> None:
    def fail(_: Sequence[Received[Said]]) -> None:
        raise ValueError("never")

    async def listed() -> list[dict[str, str]]:
        return [orjson.loads(line) for line in await maintenance.list_dead_letters(["beta"], settings)]

    ears.fail = fail
    await talk.say("ada", 13)
    await talk.say("bob", 13)
    letters = await eventually(listed, lambda lines: len(lines) == 2)
    chosen, kept = letters
    assert await maintenance.discard_dead_letters(["beta"], [UUID(chosen["letter"])], settings) == 1
    assert await listed() == [kept]
    assert await maintenance.discard_dead_letters(["beta"], [UUID(chosen["letter"])], settings) == 0
    assert await maintenance.redrive_dead_letters(["beta"], settings) == 1
    for letter in await talk.letters():
        assert not {*CONTENT} & letter.keys()


async def test_a_command_does_not_wait_without_an_end(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("role-id", "secret-id"):
        (tmp_path / name).write_text("unknown")
    nowhere = {
        "vault_addr": "http://127.0.0.1:1",
        "vault_role_id_file": tmp_path / "role-id",
        "vault_secret_id_file": tmp_path / "secret-id",
    }
    monkeypatch.setattr("chassis.process.resources.open_secrets", open_secrets)
    monkeypatch.setattr(maintenance, "OPEN_SECONDS", 0.3)
    with pytest.raises(Unreachable, match=r"Vault is at http://127.0.0.1:1.*boxoffice status"):
        await maintenance.list_dead_letters(["beta"], settings.model_copy(update=nowhere))


async def test_replay_sends_the_whole_log_and_changes_nothing(talk: Talk, settings: Settings) -> None:
    await talk.say("ada", 1, 2)
    await talk.until_heard("ada", 2)
    assert "2 events are published again" in await maintenance.replay("alpha", settings, publish=True)
    await talk.say("ada", 3)
    assert await talk.until_heard("ada", 3) == {"ada": [1, 2, 3]}
    assert len(await talk.records("alpha", at_least=5)) == 5

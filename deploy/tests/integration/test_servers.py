"""Every real server starts, says where it is, survives -9 with what it has to keep, and stops."""

import smtplib
from email.message import EmailMessage
from pathlib import Path

import asyncpg
import pytest
from redis import Redis

from chassis.outgoing import vault_client
from engines.local.edge import Edge
from engines.local.mail import Mail
from engines.local.openbao import CONFIGURATION, LostToken, OpenBao
from engines.local.ports import free_port
from engines.local.servers import SERVERS, DidNotStart, Running, start, start_server
from engines.vault_operator import NoOperator, operator_token

NOWHERE = "127.0.0.1:1"

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("servers")]


@pytest.mark.parametrize("name", sorted(SERVERS))
def test_it_starts_is_killed_comes_back_and_stops(name: str, tmp_path: Path) -> None:
    running = start(name, tmp_path)
    url, first = running.url, running.pid
    assert str(running.port) in url

    running.kill()
    assert not running.server.ready()
    running.restart()

    assert running.server.ready()
    assert running.url == url
    assert running.pid != first
    running.stop()
    running.stop()
    assert not running.server.ready()


async def test_postgres_keeps_what_was_committed(tmp_path: Path) -> None:
    running = start("postgres", tmp_path)
    client = await asyncpg.connect(running.url + "/postgres")
    await client.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    running.kill()
    running.restart()
    client = await asyncpg.connect(running.url + "/postgres")
    assert await client.fetchval("SELECT answer FROM kept") == 42
    await client.close()
    running.stop()


async def test_postgres_wants_a_password(tmp_path: Path) -> None:
    running = start("postgres", tmp_path)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(user="postgres", password="guess", host="127.0.0.1", port=running.port)
    running.stop()


def test_valkey_keeps_what_was_written(tmp_path: Path) -> None:
    running = start("valkey", tmp_path)
    Redis.from_url(running.url).set("kept", "42")
    running.kill()
    running.restart()
    assert Redis.from_url(running.url).get("kept") == b"42"
    running.stop()


def test_openbao_unseals_itself_and_keeps_its_secrets(tmp_path: Path) -> None:
    running = start("openbao", tmp_path)
    assert isinstance(running.server, OpenBao)
    client = vault_client(running.url, token=running.server.root_token)
    client.sys.enable_secrets_engine("kv", path="kv", options={"version": "1"})
    client.secrets.kv.v1.create_or_update_secret("kept", {"answer": "42"}, mount_point="kv")
    running.kill()
    running.restart()
    assert client.secrets.kv.v1.read_secret("kept", mount_point="kv")["data"] == {"answer": "42"}
    running.stop()
    secrets = [path for path in (tmp_path / "secrets").iterdir() if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in secrets} == {0o600}
    assert '"path":"kv/kept"' in (tmp_path / "logs" / "openbao-audit.log").read_text()


def test_openbao_begins_anew_when_its_first_start_was_broken_off(tmp_path: Path) -> None:
    running = start("openbao", tmp_path)
    running.stop()
    (running.server.data / "initialising").touch()
    (tmp_path / "secrets" / "openbao-root-token").unlink()
    running.restart()
    assert isinstance(running.server, OpenBao)
    assert vault_client(running.url, token=running.server.root_token).is_authenticated()
    running.stop()


def test_openbao_keeps_its_data_when_only_the_token_is_lost(tmp_path: Path) -> None:
    running = start("openbao", tmp_path)
    assert isinstance(running.server, OpenBao)
    token = running.server.root_token
    running.server.root_token_file.unlink()
    running.restart()
    with pytest.raises(LostToken, match="put it back"):
        _ = running.server.root_token
    assert vault_client(running.url, token=token).is_authenticated()
    running.stop()


def test_mail_is_kept_as_files(tmp_path: Path) -> None:
    running = start("mail", tmp_path)
    message = EmailMessage()
    message["Subject"], message["To"], message["From"] = "Hällo", "a@example.test", "b@example.test"
    message.set_content("There you go")
    with smtplib.SMTP("127.0.0.1", running.port) as client:
        client.send_message(message)
    assert isinstance(running.server, Mail)
    [kept] = running.server.folder.glob("*.eml")
    assert "There you go" in kept.read_text()
    running.stop()


def test_the_name_of_the_folder_does_not_matter(tmp_path: Path) -> None:
    folder = tmp_path / f'it\'s "Größe" ✓ 100% $HOME ${{x}} {{y}} [z] *`\\ {"long" * 40}'
    for name in ("valkey", "openbao", "mail"):
        start(name, folder).stop()
    edge = Edge(folder, free_port(), http_port=free_port(), upstreams={"all": [NOWHERE]})
    running = start_server(edge)
    assert edge.status_of("/") == 200
    edge.reload()
    assert edge.status_of("/") == 200
    running.stop()


def test_a_taken_port_is_not_mistaken_for_the_server(tmp_path: Path) -> None:
    taken = start("valkey", tmp_path / "one")
    with pytest.raises(DidNotStart, match=rf"valkey cannot have port {taken.port}: valkey-server .*{taken.pid}"):
        start("valkey", tmp_path / "two", taken.port)
    taken.stop()


def test_what_does_not_start_says_its_last_words(tmp_path: Path) -> None:
    running = start("valkey", tmp_path)
    running.stop()
    (running.server.data / "appendonlydir" / "appendonly.aof.manifest").write_text("nonsense")
    with pytest.raises(DidNotStart, match=r"valkey ended with 1:[\s\S]*manifest"):
        running.restart()


def test_two_stacks_share_nothing(tmp_path: Path) -> None:
    running: list[Running] = [start("valkey", tmp_path / name, free_port()) for name in ("one", "two")]
    Redis.from_url(running[0].url).set("mine", "1")
    assert Redis.from_url(running[1].url).get("mine") is None
    for each in running:
        each.stop()


def test_openbao_goes_on_with_what_an_older_release_has_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server, old = OpenBao(tmp_path, free_port()), tmp_path / "old.hcl"
    text = CONFIGURATION.read_text().replace('"journal"', '"requests"')
    old.write_text(text.replace("${audit_log}", str(tmp_path / "logs" / "openbao-audit.log")))
    monkeypatch.setattr("engines.local.openbao.CONFIGURATION", old)
    start_server(server).stop()
    monkeypatch.undo()
    key = tmp_path / "secrets" / "openbao-recovery-key"
    key.touch()
    running = start_server(server)
    try:
        devices = vault_client(running.url, token=server.root_token).sys.list_enabled_audit_devices()["data"]
        assert [(name, device["options"]["file_path"]) for name, device in devices.items()] == [
            ("journal/", "logs/openbao-audit.log")
        ]
        assert not key.exists(), "with which others could make a root token"
        with pytest.raises(NoOperator, match="boxoffice down"):
            operator_token(running.url, server.root_token_file.parent)
    finally:
        running.stop()

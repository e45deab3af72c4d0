"""Everything of a stack on this machine in which somebody could still be found: tables, topics, logs, Redis, Vault."""

import asyncio
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.exceptions import BusyLoadingError, ConnectionError
from redis.retry import Retry

from engines.kept_secrets import read_secrets
from engines.local.executables import executable
from engines.local.ports import free_port
from support.books import Books
from support.stack import Stack

STORES = ("postgres", "mail", "backup.tar")
"""Postgres is asked instead: its files keep what was removed until they are written again. Mail has left the house."""


class House:
    """`words` are looked for everywhere, `passing` where nothing is appended: they may stand in Valkey's journal."""

    def __init__(self, stack: Stack, books: Books, words: list[str], passing: list[str] | None = None) -> None:
        self._stack, self._books, self.words, self.passing = stack, books, words, passing or []

    async def finds(self) -> list[str]:
        """Where one of the words stands."""
        return [
            *await self._books.mentions(*self.words, *self.passing),
            *[f"topic {each.topic}" for each in await self.records() if self._says(repr(each).encode())],
            *await asyncio.to_thread(self._files),
            *await asyncio.to_thread(self._redis),
            *await asyncio.to_thread(self._vault),
        ]

    async def broker(self) -> str:
        [broker] = [row for row in (await self._stack.status()).values() if row.role == "broker"]
        return f"{broker.host}:{broker.port}"

    async def records(self) -> list[ConsumerRecord]:
        """Every record of every topic."""
        consumer = AIOKafkaConsumer(bootstrap_servers=await self.broker(), enable_auto_commit=False)
        await consumer.start()
        try:
            topics = [name for name in await consumer.topics() if not name.startswith("__")]
            consumer.subscribe(topics)
            await consumer.getmany(timeout_ms=1000)
            places = list(consumer.assignment())
            await consumer.seek_to_beginning(*places)
            ends = await consumer.end_offsets(places)
            found: list[ConsumerRecord] = []
            while any([await consumer.position(place) < ends[place] for place in places]):
                for batch in (await consumer.getmany(timeout_ms=500)).values():
                    found += batch
            return found
        finally:
            await consumer.stop()

    def _files(self) -> list[str]:
        """Logs of all processes, whatever Valkey was ever told to write (it appends to a file), state of the engine."""
        folder = self._stack.state.folder
        files = [path for path in folder.rglob("*") if path.is_file() and not {*path.parts} & {*STORES}]
        for kind in ("*.log", "*.aof"):
            assert any(path.match(kind) for path in files), "there is something to look into"
        return [str(path) for path in files if self._says(path.read_bytes(), journal=path.suffix == ".aof")]

    def _redis(self) -> list[str]:
        """The keys that Redis holds now, as another server reads them in a copy: no user of the stack may see all."""
        with TemporaryDirectory() as folder:
            there = shutil.copytree(self._stack.state.folder / "data" / "valkey", Path(folder) / "data")
            port = free_port()
            options = {"port": port, "bind": "127.0.0.1", "dir": there, "appendonly": "yes", "save": ""}
            command = [part for name, value in options.items() for part in (f"--{name}", str(value))]
            with subprocess.Popen([executable("valkey-server"), *command], stdout=subprocess.DEVNULL) as server:
                patient = Retry(ConstantBackoff(0.1), 100, supported_errors=(ConnectionError, BusyLoadingError))
                try:
                    with Redis(port=port, socket_timeout=5, retry=patient) as redis:
                        contents = {key: repr(redis.dump(key)).encode() + key for key in redis.scan_iter()}
                finally:
                    server.kill()
        assert contents, "there is something to look into"
        return [f"redis {key.decode()}" for key, content in contents.items() if self._says(content)]

    def _vault(self) -> list[str]:
        return ["vault"] if self._says(repr(read_secrets(self._stack.vault())).encode()) else []

    def _says(self, content: bytes, *, journal: bool = False) -> bool:
        lower = content.lower()
        return any(word.lower().encode() in lower for word in [*self.words, *([] if journal else self.passing)])

"""How the `boxoffice` command and the supervisor talk: a Unix socket in the state folder, JSON lines.

One line asks, `{"ask": NAME, ...}`; lines of progress answer; the last has `done` (the result) or `failed` (a message).
Whoever may open the folder may ask: the socket needs no password.
"""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from engines import identity
from engines.state import State

LONGEST_LINE = 1024 * 1024

Event = dict[str, Any]
Answer = Callable[[Event], AsyncIterator[Event]]


class Refused(RuntimeError):
    """What was asked for cannot be done. The message says why."""


class NotRunning(RuntimeError):
    """There is no supervisor."""


async def serve(state: State, answer: Answer) -> asyncio.Server:
    """Answer on the socket. The caller's working directory must be the state folder."""
    state.socket.unlink(missing_ok=True)  # of a supervisor that was killed: the lock says that there is no other
    stack = _stack(state)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await _converse(answer, stack, reader, writer)
        writer.close()

    server = await asyncio.start_unix_server(handle, state.socket.name, limit=LONGEST_LINE)
    state.socket.chmod(0o600)
    return server


async def _converse(answer: Answer, stack: Event, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    question = json.loads(await reader.readline())
    gone = False
    try:
        async for event in _unless_meant_for_another(question, stack, answer):
            if gone:
                continue  # what was begun is finished, also when nobody listens any more
            writer.write(_line(event))
            try:
                await writer.drain()
            except ConnectionError:
                gone = True
    except Exception as error:
        writer.write(_line({"failed": str(error) or type(error).__name__}))
    await writer.drain()


def _unless_meant_for_another(question: Event, stack: Event, answer: Answer) -> AsyncIterator[Event]:
    meant = question.pop("stack", None)
    # A folder that does not know its id is not this one, where this one knows it: `cp -al` makes such copies.
    if meant != stack.get("stack") and (meant or identity.read(Path())):
        raise Refused("this socket belongs to another stack, which is left alone: remove control.sock and lock")
    return answer(question)


def ask(state: State, command: str, /, **details: Any) -> Iterator[Event]:
    """Ask the supervisor; yields its progress, the last event has `done`. Raises NotRunning, Refused, NotThisStack."""
    stack = _stack(state)
    if state.socket.is_symlink():
        raise NotRunning("control.sock leads elsewhere")
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            # Relative to the folder: the path of a Unix socket may have a hundred characters, a folder's more.
            with contextlib.chdir(state.folder):
                connection.connect(state.socket.name)
        except OSError as error:
            raise NotRunning("nothing is up") from error
        connection.sendall(_line({"ask": command, **stack, **details}))
        with connection.makefile("rb") as lines:
            for line in lines:
                event = json.loads(line)
                if "failed" in event:
                    raise Refused(event["failed"])
                yield event
                if "done" in event:
                    return
    raise Refused("the supervisor ended while it worked on this; see `boxoffice logs supervisor`")


def result(state: State, command: str, /, **details: Any) -> Any:
    """Ask, and wait for the result. Raises NotRunning, Refused."""
    done: Any = None
    for event in ask(state, command, **details):
        done = event.get("done")
    return done


def _stack(state: State) -> Event:
    """Says which stack is meant; nothing where the folder does not know, as older code left it."""
    known = state.identity()
    return {"stack": known.id} if known else {}


def _line(event: Mapping[str, Any]) -> bytes:
    return json.dumps(event).encode() + b"\n"

"""A request that is answered with a stream: bounded as the process and the client are, and over when its session is."""

from contextlib import suppress
from functools import partial

from fastapi import Request

from chassis.auth.sessions import Sessions, ended_channel
from chassis.http.origin import remote_address
from chassis.http.principals import Principal
from chassis.live.broadcast import AWAY, Broadcast
from chassis.live.sse import Ending, Events, EventStream
from chassis.service.runtime import Runtime


def event_stream(events: Events, at: Runtime, request: Request, principal: Principal | None) -> EventStream:
    """Answer `request` with `events`, within the bounds of the process and of this client; the end of a session is its.

    >>> return event_stream(changes(runtime, order_id), runtime, request, principal)
    """
    key = principal.session_key if principal else None
    endings: list[Ending] = [at.draining.wait]
    if key:
        endings.append(partial(until_ended, at.sessions, at.broadcast, key))
    return EventStream(events, endings=endings, place=at.streams.place(address=remote_address(request), session=key))


async def until_ended(sessions: Sessions, broadcast: Broadcast, key: str) -> None:
    """Wait until the session `key` is over: by a sign-out, of it alone or of all, by erasure, or by its time."""
    async with broadcast.subscribe(ended_channel(key)) as updates:
        while True:
            with suppress(*AWAY):  # without Redis the stream goes on
                if not await sessions.is_there(key):
                    return
            await anext(updates)

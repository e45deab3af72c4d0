"""Whom a request is counted for where places are shared: the client that sent it.

A client is its session, once the process has seen that session to be valid: an invented cookie makes no new client. Any
other request counts for its address, which many people may share.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping

from chassis.auth.sessions import session_key
from chassis.http.origin import place_of
from chassis.http.principals import COOKIE

MOST_KNOWN = 10_000
_COOKIE = re.compile(rb"(?:^|;\s*)" + COOKIE.encode() + rb"=([\w-]{1,64})(?:;|$)")


class Clients:
    """Tells the clients of a process apart, and remembers the sessions that were used last."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, None] = OrderedDict()

    def name(self, session: str, remote: str) -> str:
        """`session` is that of `session_of`, `remote` the address as the edge saw it."""
        if session in self._known:
            return f"session {session}"
        return f"address {place_of(remote) or remote}"

    def remember(self, session: str) -> None:
        """This session is valid."""
        if session:
            self._known[session] = None
            self._known.move_to_end(session)
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)


def session_of(headers: Mapping[bytes, bytes]) -> str:
    """The key of the session that a request names, valid or not; empty without one. `headers` by lower-case name."""
    found = _COOKIE.search(headers.get(b"cookie", b""))
    return session_key(found[1].decode()) if found else ""

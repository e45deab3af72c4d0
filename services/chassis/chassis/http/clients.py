"""Whom a request is counted for where places are shared: the client that sent it.

A client is its session, once that has been seen to be one: a cookie that was made up opens no account of its own. All
else is its address, which many people may share.
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

    def name(self, headers: Mapping[bytes, bytes], remote: str) -> str:
        """`headers` by lower-case name; `remote` is the address as the edge saw it."""
        session = _session(headers)
        if session in self._known:
            return f"session {session}"
        return f"address {place_of(remote) or remote}"

    def remember(self, headers: Mapping[bytes, bytes]) -> None:
        """The session of this request is one."""
        if session := _session(headers):
            self._known[session] = None
            self._known.move_to_end(session)
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)


def _session(headers: Mapping[bytes, bytes]) -> str:
    found = _COOKIE.search(headers.get(b"cookie", b""))
    return session_key(found[1].decode()) if found else ""

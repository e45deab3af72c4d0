"""The users of Valkey: one for each service, and one for a process that runs all of them. What each may do."""

import hashlib
from collections.abc import Mapping

COMMANDS = "-@all +@connection +@read +@write +@pubsub +@transaction -@dangerous"
SHARED = "~{vitals}* ~limit:*"
"""Each process tells how it is, and counts what is asked of it."""
TOUCH = "(-@all +get +getex ~session:*)"
"""A service looks a session up, which makes it live on."""
OF_SESSIONS = "accounts"
"""The service that makes sessions and ends them."""
SESSIONS = "~session:* ~sessions:*"
ASKED = "probe"
"""Whoever looks whether the server is ready: it may do nothing else, and has no password."""
UNIT = "app"


def acl(passwords: Mapping[str, str]) -> str:
    """The file of an ACL for these users; it holds no password, only what one is recognised by."""
    services = sorted(name for name in passwords if name != UNIT)
    lines = ["user default off", f"user {ASKED} on nopass resetchannels -@all +ping"]
    for user, password in sorted(passwords.items()):
        owned = " ".join(f"~{name}:*" for name in (services if user == UNIT else [user]))
        sessions = SESSIONS if user in (UNIT, OF_SESSIONS) else ""
        more = "" if sessions else TOUCH
        digest = hashlib.sha256(password.encode()).hexdigest()
        rule = f"user {user} on #{digest} resetchannels &live:* {COMMANDS} {SHARED} {owned} {sessions} {more}"
        lines.append(" ".join(rule.split()))
    return "\n".join(lines) + "\n"

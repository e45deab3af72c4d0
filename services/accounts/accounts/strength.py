"""Which passwords are too easy to guess: short ones, common ones, repetitions, sequences, words that anybody can know.

By NIST SP 800-63B: a least length, a list of what is tried first, no rules about kinds of characters. The list is the
passwords of six characters and more among the 30,000 most common ones that zxcvbn 4.5 ships (MIT licence, from leaks).
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

SHORTEST, LONGEST = 10, 200
"""In code points, after NFKC."""
SHORTEST_COMMON, SHORTEST_WORD, SHORTEST_RUN = 6, 4, 4
LEAST_LEFT = 4.0
"""What has to be left of a password without its known part: a letter counts 1, a digit ½."""

OURS = ("boxoffice", "box office", "tickets", "ticket")
ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
)
_LEET = str.maketrans("0134578@$!|", "oieastbasil")


def normalised(password: str) -> str:
    """The same text for a password however a keyboard composes its characters (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def weakness(password: str, *, known: Iterable[str] = ()) -> str:
    """Why a password is refused, in a sentence for its owner; empty where it is not.

    `known` are the words that anybody may know about the owner: e-mail address, name. Linear in the password's length.
    """
    text = normalised(password)
    if not SHORTEST <= len(text) <= LONGEST:
        return f"A password has {SHORTEST} to {LONGEST} characters."
    folded = text.casefold()
    unit = _unit(folded)
    if len(unit) < SHORTEST or len(set(folded)) < SHORTEST_WORD:
        return "This repeats the same few characters. Take a longer phrase."
    plain = {_core(folded), _core(folded.translate(_LEET))}
    if any(_is_mostly(core, _words([*OURS, *known])) for core in plain):
        return "This is your name, your address or ours, with little else. Take a phrase that others cannot know."
    if any(_is_common(core) for core in plain):
        return "This is among the passwords that are tried first, or close to one. Take a phrase of several words."
    return ""


def _unit(text: str) -> str:
    """The shortest text that `text` repeats, perhaps cut at the end."""
    doubled = (text + text).find(text, 1)
    if doubled < len(text):
        return text[:doubled]
    lengths = (size for size in range(1, len(text) // 2 + 1) if text.startswith(text[size:]))
    return text[: next(lengths, len(text))]


def _core(text: str) -> str:
    """Letters and digits; of a text without any, all of it."""
    return "".join(character for character in text if character.isalnum()) or text


def _words(known: Iterable[str]) -> list[str]:
    """The known words and their parts, the longest first."""
    folded = [normalised(each).casefold() for each in known]
    parts = [part for each in folded for part in (each, each.partition("@")[0], *re.split(r"[\W_]+", each))]
    return sorted({core for part in parts if len(core := _core(part)) >= SHORTEST_WORD}, key=len, reverse=True)


def _is_mostly(core: str, words: Iterable[str]) -> bool:
    rest = core
    for word in words:
        rest = rest.replace(word, "")
    return rest != core and _weight(rest) < LEAST_LEFT


def _is_common(core: str) -> bool:
    """Whether little is left of it without one common password or one run along the alphabet or a keyboard."""
    for start in range(len(core)):
        longest = max(_run(core, start), _common(core, start))
        if longest and _weight(core[:start] + core[start + longest :]) < LEAST_LEFT:
            return True
    return False


def _common(core: str, start: int) -> int:
    """The length of the longest common password that begins at `start`."""
    most = min(len(core) - start, _longest_common())
    return next((size for size in range(most, SHORTEST_COMMON - 1, -1) if core[start : start + size] in _list()), 0)


def _run(core: str, start: int) -> int:
    """The length of the run that begins at `start`: along a row, forwards or backwards, or of one character."""
    best = 0
    for row in (*ROWS, *(row[::-1] for row in ROWS), core[start] * LONGEST):
        at = row.find(core[start])
        size = 0
        while 0 <= at + size < len(row) and start + size < len(core) and row[at + size] == core[start + size]:
            size += 1
        best = max(best, size)
    return best if best >= SHORTEST_RUN else 0


def _weight(text: str) -> float:
    return sum(0.5 if character.isdigit() else 1.0 for character in text)


@cache
def _list() -> frozenset[str]:
    return frozenset((files("accounts") / "common_passwords.txt").read_text().split())


@cache
def _longest_common() -> int:
    return max(map(len, _list()))

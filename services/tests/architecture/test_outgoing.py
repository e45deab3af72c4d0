"""No client of ours looks at proxies, CAs or tokens of the shell that it runs in."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
OWN = {"services/chassis/chassis/outgoing.py", "deploy/engines/web.py"}
"""Where clients are made that take more than an argument."""
TRUSTING = {"httpx.Client", "httpx.AsyncClient"}
"""They look at the environment unless they are told not to, or are given their transport."""
VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "request", "stream")
REFUSED = {
    *(f"{library}.{verb}" for library in ("httpx", "requests") for verb in VERBS),
    *("hvac.Client", "requests.Session", "requests.session"),
    *("urlopen", "urllib.request.urlopen", "build_opener", "urllib.request.build_opener"),
}
IGNORED = {".venv", "node_modules", "tests"}
"""A test may ask whom it likes."""


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def mistakes(text: str) -> list[str]:
    found = []
    for name, call in calls(ast.parse(text)):
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        trusts = name in TRUSTING and given.get("trust_env") != "False" and "transport" not in given
        asks = name.endswith("ClientSession") and given.get("trust_env", "False") != "False"
        if trusts or asks or name in REFUSED or (name == "OTLPSpanExporter" and "session" not in given):
            found.append(f"line {call.lineno}: {name}")
    return found


def sources() -> list[Path]:
    found = [path for folder in ("services", "deploy", "loadtests") for path in (ROOT / folder).rglob("*.py")]
    own = [path for path in found if path.relative_to(ROOT).as_posix() not in OWN]
    return sorted(path for path in own if not IGNORED & set(path.parts))


def test_no_client_trusts_the_environment() -> None:
    found = {str(path.relative_to(ROOT)): mistakes(path.read_text()) for path in sources()}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "code",
    [
        "httpx.AsyncClient()",
        "httpx.Client(verify=True, trust_env=True)",
        "httpx.get(url)",
        "hvac.Client(url, token=token)",
        "urllib.request.urlopen(url)",
        "aiohttp.ClientSession(trust_env=True)",
        "requests.Session()",
        "OTLPSpanExporter(url)",
    ],
)
def test_the_test_sees_what_would(code: str) -> None:
    assert mistakes(code)

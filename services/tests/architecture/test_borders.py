"""The borders of the code: who may import whom, and which words belong where."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SERVICES = ROOT / "services"
BUSINESS_WORDS = re.compile(
    r"seats?|tickets?|venues?|performances?|purchases?|refunds?|orders|customers?", re.IGNORECASE
)
TIER_NAMES = re.compile(r"(?<!lifespan\.)startup|growth|enterprise", re.IGNORECASE)
"""ASGI calls its own message `lifespan.startup`."""


def python_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def code_of(path: Path) -> str:
    """The code of a file without its comments and docstrings: examples in those may speak of anything."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [line for line in node.body if not is_text(line)] or [ast.Pass()]
    return ast.unparse(tree)


def is_text(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)


def is_of_a_service(path: Path) -> bool:
    return not {"chassis", "tests", "storefront"} & {*path.relative_to(SERVICES).parts}


def words_of(text: str) -> list[str]:
    """The words in names and texts: `order_by` and `HoldExpired` are two words each."""
    return re.findall(r"[A-Z]?[a-z]+|[A-Z]+", text)


def test_imports_keep_to_the_borders() -> None:
    command = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    result = subprocess.run([sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("path", python_files(SERVICES / "chassis/chassis"), ids=lambda path: path.stem)
def test_the_chassis_knows_nothing_of_the_business(path: Path) -> None:
    assert [word for word in words_of(code_of(path)) if BUSINESS_WORDS.fullmatch(word)] == []


@pytest.mark.parametrize(
    "path",
    [each for each in python_files(SERVICES) if is_of_a_service(each)],
    ids=lambda path: "/".join(path.parts[-2:]),
)
def test_services_import_from_the_packages_of_the_chassis(path: Path) -> None:
    """What is public of a room stands in its `__init__`. Commands, which begin in a process, import its modules."""
    modules = [each.module or "" for each in ast.walk(ast.parse(path.read_text())) if isinstance(each, ast.ImportFrom)]
    inside = [each for each in modules if each.startswith("chassis.") and each.count(".") > 1]
    assert [each for each in inside if not each.startswith("chassis.process.")] == []


def test_no_code_asks_for_a_tier() -> None:
    """Tests may name one: they start it."""
    code = [path for path in python_files(SERVICES) if "tests" not in path.parts]
    assert [str(path.relative_to(ROOT)) for path in code if TIER_NAMES.search(path.read_text())] == []

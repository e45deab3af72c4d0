"""No secret is in the tree: not in code, configuration, nor documentation."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]
GENERATED = {
    *("requirements.lock", "requirements-browser.lock", "requirements-chart.lock", "requirements-generated.lock"),
    "services/tests/lighthouse/package-lock.json",
}

PATTERNS = {
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n",
    "Vault token": r"\b(?:hvs|hvb|s)\.[A-Za-z0-9_-]{24,}",
    "cloud key": r"\bAKIA[0-9A-Z]{16}\b",
    "GitHub token": r"\bgh[pousr]_[A-Za-z0-9]{36}\b",
    "credentials in a URL": r"\b[a-z]+://[^\s/:@{}<>$\"'`]+:(?!\$|\{|<|PASSWORD\b|secret@|password@)[^\s/:@{}<>$\"'`]+@",
    "literal password": r"(?i)\b\w*(?:password|secret_id|api_key|_key)\s*=\s*[\"'][A-Za-z0-9+/=_-]{12,}[\"']",
}
IN_TESTS = {"literal password", "credentials in a URL"}
"""Tests may make up what protects nothing."""


def tracked_files() -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [ROOT / name for name in names if name and name not in GENERATED and (ROOT / name).is_file()]


def found_in(path: Path) -> list[str]:
    try:
        text = path.read_text()
    except UnicodeDecodeError:
        return []
    is_test = "tests" in path.relative_to(ROOT).parts
    patterns = {name: pattern for name, pattern in PATTERNS.items() if not (is_test and name in IN_TESTS)}
    return [f"{path.relative_to(ROOT)}: {name}" for name, pattern in patterns.items() if re.search(pattern, text)]


def test_no_secret_is_in_the_tree() -> None:
    assert [found for path in tracked_files() for found in found_in(path)] == []


def test_the_patterns_find_secrets(tmp_path: Path) -> None:
    samples = {
        "Vault token": "token: hvs." + "a1" * 14,
        "credentials in a URL": "postgresql://app:" + "hunter2hunter2@db:5432",
        "literal password": "PASSWORD = '" + "correct-horse-battery'",
        "cloud key": "AKIA" + "ABCDEFGH12345678",
    }
    assert [name for name, text in samples.items() if not re.search(PATTERNS[name], text)] == []

"""Every service is built alike, so that who knows one finds the way in all."""

from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[2]
NOT_SERVICES = {"chassis", "tests", "storefront"}
NAMES = sorted(path.parent.name for path in SERVICES.glob("*/pyproject.toml") if path.parent.name not in NOT_SERVICES)
AROUND = ["pyproject.toml", "README.md", "migrations/0001_*.py", "tests/unit/test_*.py", "tests/integration/test_*.py"]
INSIDE = ["__init__.py", "py.typed", "main.py", "handlers.py", "tables.py", "events.py"]
MAX_LINES = 300


def test_there_are_six_services() -> None:
    assert NAMES == ["accounts", "catalog", "notifications", "orders", "payments", "seats"]


@pytest.mark.parametrize("name", NAMES)
def test_a_service_has_the_usual_files(name: str) -> None:
    folder = SERVICES / name
    patterns = [*AROUND, *(f"{name}/{file}" for file in INSIDE)]
    assert [pattern for pattern in patterns if not any(folder.glob(pattern))] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_composition_root_is_a_table_of_contents(name: str) -> None:
    assert len((SERVICES / name / name / "main.py").read_text().splitlines()) <= 60


@pytest.mark.parametrize("name", [*NAMES, "chassis"])
def test_a_file_has_one_subject(name: str) -> None:
    lines = {path.name: len(path.read_text().splitlines()) for path in (SERVICES / name).rglob("*.py")}
    assert {file: count for file, count in lines.items() if count > MAX_LINES} == {}

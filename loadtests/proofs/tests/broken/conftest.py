"""A tier to break: only for `make test-proofs`, because it takes minutes and the machine for itself."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.protocol import Engine, in_silence
from loadtests.proofs.stage import Stage
from loadtests.proofs.tier import tier_of_our_own

collect_ignore_glob = [] if os.environ.get("TEST_PROOFS") else ["test_*.py"]


def tier_of(request: pytest.FixtureRequest) -> str:
    """What the module of a test says that it breaks."""
    return str(request.module.TIER)


@pytest.fixture(scope="module")
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """The local one, whose edge and whose files can be tampered with; its tier is up."""
    environment = dict(os.environ)
    try:
        with tier_of_our_own(tier_of(request), "local", in_silence) as choice:
            yield choice.engine
    finally:
        os.environ.clear()
        os.environ.update(environment)


@pytest.fixture
def stage(engine: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Stage:
    engine.up(tier_of(request), in_silence)  # what the test before has stopped is there again
    return Stage(engine, tmp_path / "proof")

"""A few seconds of load on the tier: what it writes down is judged, and an objective that is missed is told."""

import json
import os
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

from loadtests.figures import Figures
from loadtests.objectives import Objective, judge
from loadtests.runs import REPOSITORY, Load
from support.tier import Tier

WANTED = 4
SECONDS = 90


def test_people_buy_and_every_request_is_written_down(tier: Tier, tmp_path: Path) -> None:
    with Load.start(
        url=tier.url,
        ca=tier.ca,
        folder=tmp_path / "run",
        users=8,
        think=0.2,
        organiser=(tier.organiser, tier.organiser_password),
        people=tmp_path / "people",
    ) as load:
        load.until_running()
        deadline = monotonic() + SECONDS
        while len(load.orders()) < WANTED and monotonic() < deadline:
            sleep(0.1)
        load.stop()
        requests, orders = load.requests(), load.orders()

    figures = Figures.of(requests, orders)
    objectives = [
        Objective("all", "failed", 0.0),
        Objective("orders", "accepted", WANTED),
        Objective("orders", "open", 0),
    ]
    assert [str(each) for each in judge(objectives, figures, requests, 8) if not each.kept] == []
    assert {"GET /api/shows", "GET /api/performances/{id}/seats", "POST /api/holds"} <= figures.names.keys()
    api = [each for each in requests if each.name.startswith("/api/")]
    assert all(each.instance and each.service and each.ms > 0 for each in api)
    assert len({each.trace for each in requests}) == len(requests)
    assert (tmp_path / "run" / "locust.html").exists()


def test_an_objective_that_is_missed_is_told(tier: Tier, tmp_path: Path) -> None:
    objectives = tmp_path / "objectives.toml"
    objectives.write_text("[every]\nall = { failed = 0, p95 = 0.1 }\n")
    command = [sys.executable, "-m", "loadtests", "--url", tier.url, "--users", "2", "--seconds", "3", "--think", "0.2"]
    command += ["--classes", "Visitor", "--objectives", str(objectives), "--reports", str(tmp_path), "--remote"]
    given = {"BOXOFFICE_CA": str(tier.ca)} if tier.ca else {}
    done = subprocess.run(
        command, cwd=REPOSITORY, env={**os.environ, **given}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1, done.stderr
    assert "missed: all: p95 is" in done.stderr
    assert "Look at" in done.stderr
    (report,) = tmp_path.glob("load-*/report.json")
    content = json.loads(report.read_text())
    assert [each["kept"] for each in content["objectives"]] == [True, False]
    assert len(content["figures"]["slowest"][0]["trace"]) == 32
    assert report.with_name("report.html").exists()

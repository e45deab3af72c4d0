"""`make load`: send people to a tier, show how it goes, report, and judge. Exit code 1 when an objective is missed."""

import os
import platform
import subprocess
import sys
import time
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from loadtests.cast import THINK
from loadtests.cpu import cpu_by_process
from loadtests.figures import Figures, knee
from loadtests.objectives import DEFAULT, BadObjectives, judge, load_objectives
from loadtests.report import Report
from loadtests.runs import REPOSITORY, Load, LoadFailed, NotWelcome
from loadtests.shapes import SHAPES
from loadtests.target import BadTarget, Target, find_target

REPORTS = REPOSITORY / "reports"
CROWDS = "Visitor, Buyer, Organiser, Scalper"


def main(
    users: Annotated[int, typer.Option(min=1, help="People at the same time.")] = 50,
    shape: Annotated[
        str, typer.Option(help="; ".join(f"{each.name}: {each.purpose}" for each in SHAPES.values()))
    ] = "steady",
    seconds: Annotated[float, typer.Option(help="How long. Default: as long as the shape usually takes.")] = 0.0,
    url: Annotated[str, typer.Option(help="Where. Default: the tier that is up on this machine.")] = "",
    rate: Annotated[float, typer.Option(help="Requests a second of all together, instead of people who think.")] = 0.0,
    think: Annotated[float, typer.Option(help="Seconds between two clicks, on average.")] = THINK,
    classes: Annotated[str, typer.Option(help=f"Only these, with commas: {CROWDS}.")] = "",
    processes: Annotated[int, typer.Option(min=1, help="Processes that share the users.")] = 1,
    objectives: Annotated[Path, typer.Option(help="What must be kept.")] = DEFAULT,
    reports: Annotated[Path, typer.Option(help="The folder in which the report gets one of its own.")] = REPORTS,
    remote: Annotated[bool, typer.Option("--remote", help="The tier may be on another machine.")] = False,
    locust: Annotated[list[str] | None, typer.Argument(help="After --: more options of locust.")] = None,
) -> None:
    """Send people to a tier, show how it goes, report, and judge."""
    if shape not in SHAPES:
        _fail(f"there is no shape {shape!r}: choose one of {', '.join(SHAPES)}")
    try:
        demanded = load_objectives(objectives, shape)
        target = find_target(url, remote=remote)
        lasts = seconds or SHAPES[shape].seconds
        folder = reports.absolute() / f"load-{datetime.now():%Y%m%d-%H%M%S}-{shape}"
        print(f"{users} users, {shape} ({SHAPES[shape].purpose}) for {lasts:.0f} s, at {target.url}", flush=True)
        with Load.start(
            url=target.url,
            ca=target.ca,
            folder=folder,
            users=users,
            shape=shape,
            seconds=lasts,
            classes=[each.strip() for each in classes.split(",") if each.strip()],
            rate=rate or None,
            organiser=target.organiser,
            think=think,
            people=reports / "people",
            processes=processes,
            options=locust or (),
            show=True,
        ) as load:
            before = _spent(target)
            _until_its_end(load)
        after = _spent(target)
    except (BadObjectives, BadTarget, NotWelcome, LoadFailed) as error:
        _fail(str(error))
    requests, orders = load.requests(), load.orders()
    figures = Figures.of(requests, orders)
    cpu = {name: after[name] - before.get(name, 0.0) for name in after} | {"the load itself": load.cpu_seconds()}
    about = {"shape": shape, "users": users, "rate": rate, "url": target.url, **_about(target)}
    report = Report(
        about=about,
        figures=figures,
        verdicts=judge(demanded, figures, requests, users),
        knee=knee(requests, users) if shape == "ramp" and requests else None,
        cpu=cpu,
    )
    report.write(folder)
    _show(report, folder)
    raise typer.Exit(1 if report.missed or not requests else 0)


def _until_its_end(load: Load) -> None:
    try:
        load.wait()
    except KeyboardInterrupt:
        print("  ending: the users finish what they are at", flush=True)
        load.stop()


def _spent(target: Target) -> dict[str, float]:
    """Processor time of each process of the tier so far, where it runs on this machine."""
    return cpu_by_process(target.engine.status()) if target.engine else {}


def _about(target: Target) -> dict[str, Any]:
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    return {
        "engine": target.engine.name if target.engine else "",
        "at": time.strftime("%Y-%m-%d %H:%M:%S %Z"),
        "locust": version("locust"),
        "python": platform.python_version(),
        "code": commit.stdout.strip(),
    }


def _show(report: Report, folder: Path) -> None:
    """What matters, in the terminal."""
    figures, orders = report.figures, report.figures.orders
    print(
        f"\n{figures.all.count} requests in {figures.seconds:.0f} s, {figures.rate:.1f} a second: 95 % within "
        f"{figures.all.p95:.0f} ms, 99 % within {figures.all.p99:.0f} ms; {figures.all.failed} failed"
    )
    endings = ", ".join(f"{count} {name}" for name, count in sorted(orders.endings.items())) or "none"
    print(f"{orders.accepted} orders accepted ({endings}): 95 % over within {orders.p95:.2f} s")
    if report.knee:
        where = "the knee is at" if report.knee.found else "it kept up to the end, at"
        print(f"{where} {report.knee.users} users, {report.knee.rate:.1f} requests a second")
    whole = sum(report.cpu.values())
    if len(report.cpu) > 1 and whole:
        own = report.cpu["the load itself"]
        print(f"the load itself took {own / whole * 100:.0f} % of {whole:.0f} s of processor time")
    print(f"report: {os.path.relpath(folder / 'report.html')}")
    for each in report.missed:
        print(f"missed: {each}", file=sys.stderr)
    if not report.missed:
        print(f"all {sum(each.measured is not None for each in report.verdicts)} objectives are kept")


def _fail(message: str) -> NoReturn:
    print(f"load: {message}", file=sys.stderr)
    raise typer.Exit(2)


if __name__ == "__main__":
    typer.run(main)

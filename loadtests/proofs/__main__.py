"""`python -m loadtests.proofs startup`: put every claim about a tier to the test, and write the report.

`make prove-startup` is this; CLAIM=kill runs one claim, ENGINE=compose chooses the engine.
"""

import argparse
import asyncio
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import psutil

from engines.protocol import Engine, EngineError, in_silence
from engines.state import REPOSITORY
from loadtests.proofs.claim import Claim
from loadtests.proofs.claims import CLAIMS, missing
from loadtests.proofs.record import Record
from loadtests.proofs.report import Proof, Report
from loadtests.proofs.stage import Stage
from loadtests.proofs.tier import tier_of_our_own
from loadtests.proofs.traffic import failures

REPORTS = REPOSITORY / "reports"
SIGNS = {True: "✓", False: "✗", None: " "}


def main() -> None:
    """Exit code 0 when every claim holds, 1 when one does not, 2 when there is nothing to prove it on."""
    arguments = _arguments()
    claims = CLAIMS[arguments.tier]
    chosen = arguments.claims or list(claims)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.time()
    try:
        with tier_of_our_own(arguments.tier, arguments.engine, in_silence) as choice:
            print(f"the {arguments.tier} tier, engine {choice.engine.name}: up after {time.time() - began:.0f} s\n")
            about = _about(choice.engine)
            needs = {name: missing(name, choice.engine.name) for name in claims}
            proofs = []
            for name in chosen:
                if needs[name]:
                    print(f"{name}: not put to the test, it needs {needs[name]}\n", flush=True)
                    continue
                proofs.append(_prove(name, claims[name], arguments.tier, choice.engine))
                _tell(proofs[-1])
    except EngineError as error:
        sys.exit(f"prove: {error}")
    report = Report(
        tier=arguments.tier,
        claims=[name for name in claims if not needs[name]],
        left_out={name: needs[name] for name in chosen if needs[name]},
        about=about,
        began=began,
        ended=time.time(),
        proofs=proofs,
    )
    page = report.write(REPORTS)
    held = sum(proof.ok for proof in proofs)
    print(f"{held} of {len(proofs)} claims hold, after {report.ended - began:.0f} s: {page.relative_to(REPOSITORY)}")
    sys.exit(0 if report.ok else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="prove", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tier", choices=CLAIMS)
    parser.add_argument("claims", nargs="*", metavar="CLAIM", help="one or some of the claims (default: all)")
    parser.add_argument("--engine", default=os.environ.get("ENGINE") or None, help="default: the one that is there")
    arguments = parser.parse_args()
    if unknown := set(arguments.claims) - set(CLAIMS[arguments.tier]):
        parser.error(f"no claim {', '.join(unknown)}: there is {', '.join(CLAIMS[arguments.tier])}")
    return arguments


def _prove(name: str, claim: Claim, tier: str, engine: Engine) -> Proof:
    """Put one claim to the test. Whatever goes wrong meanwhile, the claim has not been proven."""
    print(f"{name}: {claim.title}", flush=True)
    folder = REPORTS / tier / name
    shutil.rmtree(folder, ignore_errors=True)  # what the run before has left would be taken for this one's
    folder.mkdir(parents=True)
    stage = Stage(engine, folder, say=lambda line: print(f"    {line}", flush=True))
    proof = Proof(
        name=name, title=claim.title, promise=claim.promise, method=claim.method, began=stage.began, seconds=0.0
    )
    try:
        record = asyncio.run(_run(claim, tier, stage))
        verdict, exhibits = claim.judge(record), claim.show(record)
    except Exception:
        error = traceback.format_exc()
        return replace(proof, seconds=time.time() - proof.began, marks=stage.marks, error=error)
    return replace(
        proof,
        began=record.began,
        seconds=record.ended - proof.began,
        marks=record.marks,
        requests=len(record.requests),
        failed=len(failures(record.requests)),
        exhibits=exhibits,
        verdict=verdict,
    )


async def _run(claim: Claim, tier: str, stage: Stage) -> Record[Any]:
    await stage.do(
        stage.engine.up, tier, in_silence
    )  # harmless when it is; the claim before may have stopped something
    await stage.until_ready()
    return await claim.run(stage)


def _tell(proof: Proof) -> None:
    for figure in proof.verdict.figures:
        bound = f"  [{figure.bound}]" if figure.bound else ""
        print(f"  {SIGNS[figure.ok]} {figure.name}: {figure.measured}{bound}")
    if proof.error:
        print(f"  {proof.error}")
    outcome = "holds" if proof.ok else "FAILS"
    print(f"  {proof.name} {outcome} ({proof.seconds:.0f} s)\n", flush=True)


def _about(engine: Engine) -> Mapping[str, str]:
    """What it is proven on."""
    shown = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    return {
        "engine": engine.name,
        "machine": f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "code": shown.stdout.strip() or "unknown",
        "processes": ", ".join(row.process for row in engine.status()),
    }


if __name__ == "__main__":
    main()

"""CPUs are those that the process may use, not the machine's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chassis import cpus
from chassis.cpus import usable_cpus

V2 = "0::/\n"
HYBRID = "4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n0::/docker/abc\n"


@pytest.fixture(autouse=True)
def on_many_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpus, "_affinity", lambda: 64)


def machine(folder: Path, cgroup: str, files: dict[str, str]) -> Path:
    """A folder with `/proc/self/cgroup` and files below `/sys/fs/cgroup`."""
    for name, text in {
        "proc/self/cgroup": cgroup,
        **{f"sys/fs/cgroup/{name}": it for name, it in files.items()},
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("cgroup", "files", "usable"),
    [
        (V2, {}, 64),
        (V2, {"cpu.max": "max 100000\n"}, 64),
        (V2, {"cpu.max": "200000 100000\n"}, 2),
        (V2, {"cpu.max": "250000 100000\n"}, 2),
        (V2, {"cpu.max": "50000 100000\n"}, 1),
        (V2, {"cpu.max": "9900000 100000\n"}, 64),
        ("0::/pods/one\n", {"pods/one/cpu.max": "max 100000\n", "pods/cpu.max": "300000 100000\n"}, 3),
        ("0::/pods/one\n", {"pods/one/cpu.max": "400000 100000\n", "pods/cpu.max": "800000 100000\n"}, 4),
        ("0::/pods/two:x\n", {"pods/two:x/cpu.max": "400000 100000\n"}, 4),
        (HYBRID, {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 64),
        (HYBRID, {"cpu/cpu.cfs_quota_us": "150000\n", "cpu/cpu.cfs_period_us": "50000\n"}, 3),
        (HYBRID, {f"cpu,cpuacct/docker/abc/cpu.cfs_{it}_us": "100000\n" for it in ("quota", "period")}, 1),
        ("6:cpuset:/a\n", {"cpuset/a/cpu.max": "100000 100000\n"}, 64),
        (V2, {"cpu.max": "nonsense"}, 64),
    ],
)
def test_the_least_limit_counts(tmp_path: Path, cgroup: str, files: dict[str, str], usable: int) -> None:
    assert usable_cpus(machine(tmp_path, cgroup, files)) == usable


def test_without_cgroups_it_is_what_the_process_may_run_on(tmp_path: Path) -> None:
    assert usable_cpus(tmp_path) == 64


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no process to CPUs")
def test_a_process_that_is_bound_to_one_cpu_uses_one() -> None:
    words = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from chassis.cpus import usable_cpus; print(usable_cpus())"
    )
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"

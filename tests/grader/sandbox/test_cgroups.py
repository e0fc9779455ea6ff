"""A run's share of the CPUs: version 1 and version 2, with and without such a controller."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.sandbox import cgroups
from grader.sandbox.cgroups import make_cgroup
from grader.sandbox.tiers import Tier, host_support

FILES_V1 = {
    "memory": ("memory.limit_in_bytes",),
    "pids": ("pids.max",),
    "cpu": ("cpu.shares", "cpu.cfs_period_us", "cpu.cfs_quota_us"),
}


@pytest.fixture
def hierarchies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders that stand for a host's hierarchies; their files come by themselves."""
    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    return tmp_path


def read(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_version_1_gives_a_run_the_weight_of_one_and_its_cores(hierarchies: Path) -> None:
    for name in FILES_V1:
        (hierarchies / name).mkdir()
    group = make_cgroup(memory_mib=64, processes=8, cores=2)
    assert group.shares_cpus
    assert [folder.parent.name for folder in group.folders] == list(FILES_V1)
    assert read(group.folders[2]) == {
        "cpu.shares": "1024", "cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "200000",
    }  # fmt: skip
    assert {path.name for path in group.joins} == {"cgroup.procs"}


def test_version_1_without_a_cpu_controller_is_a_group_all_the_same(hierarchies: Path) -> None:
    for name in ("memory", "pids"):
        (hierarchies / name).mkdir()
    group = make_cgroup(memory_mib=64, processes=8, cores=2)
    assert not group.shares_cpus
    assert [folder.parent.name for folder in group.folders] == ["memory", "pids"]


def test_version_2_gives_a_run_the_weight_of_one_and_its_cores(hierarchies: Path) -> None:
    group = make_cgroup(memory_mib=64, processes=8, cores=3)
    found = read(group.folders[0])
    assert (found["cpu.weight"], found["cpu.max"]) == ("100", "300000 100000")
    assert group.shares_cpus


def test_version_2_without_a_cpu_controller_is_a_group_all_the_same(
    hierarchies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = cgroups._write

    def write(path: Path, value: int | str) -> None:
        if path.name.startswith("cpu.") or value == "+cpu":
            raise PermissionError(13, "not handed down", str(path))
        really(path, value)

    monkeypatch.setattr(cgroups, "_write", write)
    group = make_cgroup(memory_mib=64, processes=8, cores=3)
    assert not group.shares_cpus
    assert read(group.folders[0])["memory.max"] == str(64 * 2**20)


@pytest.mark.skipif(host_support().tier is not Tier.CGROUP, reason="no control groups here")
def test_a_group_of_this_host_is_gone_from_every_hierarchy() -> None:
    group = make_cgroup(memory_mib=64, processes=8, cores=1)
    assert all(folder.is_dir() for folder in group.folders)
    group.remove()
    assert not any(folder.exists() for folder in group.folders)

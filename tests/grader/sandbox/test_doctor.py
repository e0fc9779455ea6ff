"""Every guarantee, tried for real on this host; and the doctor sees one that is broken."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from grader.sandbox import doctor
from grader.sandbox.cgroups import cpus_shared
from grader.sandbox.doctor import TRIALS, examine
from grader.sandbox.tiers import Tier, host_support
from tests.lanes import more

BOXED = pytest.mark.skipif(
    host_support().tier is Tier.PROCESS, reason=f"no box here: {host_support().why_not}"
)

ROOT = Path(__file__).parents[3]

AS_ORDINARY_USER = """
set -e
held=$(mktemp -d)
mount --bind "$PYTHON_HOME" "$held"
case "$PYTHON_HOME" in
  "$HOME"/*) mount -t tmpfs tmpfs "$HOME"; chmod 755 "$HOME"; mkdir -p "$PYTHON_HOME";;
esac
mount --bind "$held" "$PYTHON_HOME"
exec setpriv --reuid 61003 --regid 61003 --clear-groups env HOME=/nonexistent "$@"
"""
"""In a mount namespace of its own: Python may lie in root's home, which no other user can pass."""


@BOXED
@pytest.mark.parametrize(
    ("tier", "warm"),
    [
        (Tier.CGROUP, False),
        (Tier.CGROUP, True),
        *more((Tier.BUBBLEWRAP, False), (Tier.BUBBLEWRAP, True)),
        (Tier.PROCESS, False),
    ],
)
def test_every_promise_holds(tier: Tier, warm: bool) -> None:
    if tier is Tier.CGROUP and host_support().tier is not Tier.CGROUP:
        pytest.skip(host_support().why_not)
    diagnoses = list(examine(tier, warm=warm))
    assert [(one.trial.name, one.found) for one in diagnoses if one.failed] == []
    here = [one for one in TRIALS if one.name != "cpus" or cpus_shared()]
    assert sum(one.promised for one in diagnoses) == sum(tier in one.tiers for one in here)


@BOXED
def test_a_broken_promise_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    # The same attempts in a plain process: nearly all must be reported as failed.
    plain = [replace(one, tiers=(Tier.PROCESS,)) for one in TRIALS if one.name in _SAFE]
    monkeypatch.setattr(doctor, "TRIALS", tuple(plain))
    failed = {one.trial.name for one in examine(Tier.PROCESS) if one.failed}
    assert failed == _SAFE


_SAFE = {"network", "files", "processes"}
"""Attempts that do no harm where they succeed."""


@pytest.mark.whole
@BOXED
@pytest.mark.skipif(os.getuid() != 0, reason="needs root to become an ordinary user")
@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv")
def test_every_promise_holds_for_an_ordinary_user() -> None:
    code = (
        "from grader.sandbox.doctor import examine\n"
        "from grader.sandbox.tiers import host_support\n"
        "assert host_support().tier.value.startswith('bubblewrap'), host_support()\n"
        "for warm in (False, True):\n"
        "    found = examine(host_support().tier, warm=warm)\n"
        "    broken = [(d.trial.name, d.found) for d in found if d.failed]\n"
        "    assert not broken, (warm, broken)\n"
    )
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", AS_ORDINARY_USER, "sh", sys.executable, "-c", code],
        env={**os.environ, "PYTHON_HOME": sys.base_prefix, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@BOXED
def test_a_host_without_a_cpu_controller_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "cpus_shared", lambda: False)
    monkeypatch.setattr(doctor, "TRIALS", tuple(one for one in TRIALS if one.name == "cpus"))
    (found,) = examine(Tier.CGROUP)
    assert (found.promised, found.failed) == (False, False)
    assert "a neighbor can be slowed down" in found.found

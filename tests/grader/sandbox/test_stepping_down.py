"""What root's driver may still do; the doctor tries what it may not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader.sandbox.stepping_down import may_step_down

AS_DRIVER = """
import os, signal, sys
from pathlib import Path
from grader.sandbox.stepping_down import give_away, may_step_down, step_down
own, secret, pid = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
assert give_away((own,))
step_down()
(own / "made").write_text("by another user")
assert secret.read_text() == "readable"
os.kill(pid, signal.SIGKILL)
assert not may_step_down()
assert os.getuid() == own.stat().st_uid != 0
"""


@pytest.mark.skipif(not may_step_down(), reason="only root can step down")
def test_it_writes_to_its_own_reads_anything_and_ends_its_kernel(tmp_path: Path) -> None:
    own, secret = tmp_path / "own", tmp_path / "hidden" / "secret"
    own.mkdir()
    secret.parent.mkdir(mode=0o700)
    secret.write_text("readable")
    secret.chmod(0o600)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as kernel:
        done = subprocess.run(
            [sys.executable, "-c", AS_DRIVER, own, secret, str(kernel.pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        kernel.kill()
    assert done.returncode == 0, done.stderr
    assert (own / "made").stat().st_uid not in {0, os.getuid()}

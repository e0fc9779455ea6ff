"""The image's definition: what its builder and its Containerfile name is there.

Building it takes minutes and 9 GB, so no test does; `make image`, and a check in it, were run by
hand.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
IMAGE = ROOT / "authoring" / "image"


def test_the_builder_is_a_program_that_bash_understands() -> None:
    assert (IMAGE / "build.sh").stat().st_mode & 0o111
    done = subprocess.run(["bash", "-n", str(IMAGE / "build.sh")], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_files_that_it_names_are_there() -> None:
    text = (IMAGE / "build.sh").read_text()
    for name in re.findall(r"[\w./-]+\.lock", text):
        assert (ROOT / name).is_file(), name
    container = (IMAGE / "Containerfile").read_text()
    assert "build/pset4-image.tar" in text
    assert "ADD pset4-image.tar /" in container
    (program,) = re.findall(r'ENTRYPOINT \["(.*)"\]', container)
    assert f'"$root{program}"' in text

"""The packages of a check on a machine without a GPU: `templates/ci/requirements-ci.lock`.

`python -m authoring.ci_lock` makes it of `requirements.lock`: the same versions and hashes, less
the tools of developers, and less what torch never opens without a GPU. The rest of NVIDIA's
libraries stay: torch's builds on PyPI are linked against them, and `import torch` ends without.
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "requirements.lock"
TARGET = ROOT / "templates" / "ci" / "requirements-ci.lock"
NEVER_OPENED = frozenset(
    {
        "cuda-bindings", "cuda-pathfinder", "nvidia-cuda-cccl", "nvidia-cusolver", "nvidia-nvtx",
        "triton",
    }
)  # fmt: skip
"""What torch needs only to compute on a GPU; it is not linked against them."""

_HEADER = """\
# Made of requirements.lock by `make regold`: what a check needs on a machine without a GPU.
# Install it with `uv pip install --no-deps --require-hashes -r`: some packages that torch asks for
# are left out on purpose.
"""


def ci_lock() -> str:
    """Return the text of the lock file."""
    blocks = re.split(r"\n(?=[A-Za-z0-9])", SOURCE.read_text(encoding="utf-8").strip())
    wanted = _needed()
    kept = [block for block in blocks if canonicalize_name(block.partition("==")[0]) in wanted]
    lines = [
        line for block in kept for line in block.split("\n") if not line.lstrip().startswith("#")
    ]
    return _HEADER + "\n".join(lines) + "\n"


def _needed() -> frozenset[str]:
    """Return the packages that the grader needs here, by what the installed ones say."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    waiting = [Requirement(text) for text in project["dependencies"]]
    seen: set[tuple[str, str]] = set()
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        if name in NEVER_OPENED:
            continue
        for extra in ("", *one.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            found = (Requirement(text) for text in requires(name) or ())
            waiting += [
                each
                for each in found
                if each.marker is None or each.marker.evaluate({"extra": extra})
            ]
    return frozenset(name for name, _ in seen)


if __name__ == "__main__":
    TARGET.write_text(ci_lock(), encoding="utf-8")
    sys.stdout.write(f"{TARGET.relative_to(ROOT)}\n")

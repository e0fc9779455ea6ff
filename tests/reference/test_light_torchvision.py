"""torchvision comes without PyTorch's compiler, which is there as ever for whoever uses it."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEFORE = "import sys\nfrom reference.light_torchvision import COMPILER, torchvision\n"


def _printed(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.slow
def test_the_compiler_is_not_imported_until_it_is_used() -> None:
    code = (
        f"{BEFORE}import torch\n"
        "print(COMPILER in sys.modules, 'sympy' in sys.modules)\n"
        "roi = torch.tensor([[0.0, 0.0, 0.0, 4.0, 4.0]])\n"
        "print(*torchvision.ops.roi_align(torch.ones(1, 1, 8, 8), roi, 1).flatten().tolist())\n"
        "import torch._dynamo\n"
        "print(torch._dynamo.__file__.endswith('__init__.py'), callable(torch._dynamo.reset))\n"
    )
    assert _printed(code) == ["False", "False", "1.0", "True", "True"]


@pytest.mark.whole
@pytest.mark.slow
def test_a_torchvision_that_uses_more_of_the_compiler_gets_the_real_one() -> None:
    code = (
        f"{BEFORE}from reference import light_torchvision\n"
        "with light_torchvision._stand_ins():\n"
        "    from torch._dynamo.utils import counters\n"
        "print(COMPILER in sys.modules, type(counters).__name__)\n"
        "import torch._dynamo.utils\n"
        "print(torch._dynamo.utils.counters is counters)\n"
    )
    assert _printed(code) == ["True", "defaultdict", "True"]

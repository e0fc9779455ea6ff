"""A version, a variable, a limit is the machine's; a student's own wrong assert is still theirs."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from grader.kernel.bindings import bound_names
from grader.kernel.machine import reason_of
from grader.kernel.machine_facts import failed_for_machine, names_of_machine

CELL = "a cell of the notebook"
SETUP = (
    "import os, platform, resource, shutil, sys\nfrom os import environ\n"
    "import numpy as np\nimport torch\n"
    "def conv(x): return x + 1\ndef is_odd(n): return n % 2 == 1\n"
    "REQUIRED, device, k, x = '1.8', torch.device('cpu'), 3, np.ones(3)\n"
)


@pytest.fixture(autouse=True)
def cell_is_forgotten() -> Iterator[None]:
    yield
    linecache.cache.pop(CELL, None)


def why(source: str, learned: str = "") -> bool:
    """Whether the last statement of a cell fails for the machine, in the notebook's own names."""
    linecache.cache[CELL] = (len(source), None, source.splitlines(keepends=True), CELL)
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(SETUP + learned, space)  # noqa: S102
    known = {learned.partition(" ")[0]} if learned else set()
    try:
        exec(compile(source, CELL, "exec"), space)  # noqa: S102
    except BaseException as error:  # noqa: BLE001 -- a SystemExit is one
        return failed_for_machine(error, ast.parse(source).body[-1], space, known)
    raise AssertionError("it did not fail")


@pytest.mark.parametrize(
    "source",
    [
        "assert torch.__version__.startswith('1.8'), torch.__version__",
        "assert 'COLAB_GPU' in os.environ, 'run in Colab'",
        "assert np.__version__ == REQUIRED",
        "from packaging import version\nassert version.parse(np.__version__) < version.parse('1')",
        "from distutils.version import LooseVersion\nassert LooseVersion(np.__version__) < '1'",
        "assert any('colab' in name for name in os.environ)",
        "assert [int(n) for n in torch.__version__.split('+')[0].split('.')] < [1, 9]",
        "assert sys.version_info < (3, 8) and not shutil.which('nobody-has-this')",
        "assert 'COLAB_GPU' in environ",
        "assert device.type != 'cpu'",
        "assert torch.ones(2).is_cuda",
        "assert platform.system() == 'Windows'",
        "assert os.path.exists('/content/drive/My Drive/6.869/pset4')",
        "if 'COLAB_GPU' not in os.environ:\n    raise RuntimeError('run it in Colab')",
        "if not torch.cuda.is_available():\n    print('no')\n    sys.exit('switch the runtime')",
        "def check():\n    if sys.version_info > (3, 8):\n        raise OSError('3.7')\ncheck()",
        "os.environ['COLAB_GPU']",
        "n = int(os.environ.get('COLAB_GPU'))",
        "n = int(os.environ['COLAB_GPU']) * k",
        "resource.setrlimit(resource.RLIMIT_NOFILE, (2**40, 2**50))",
        "for limit in (2**40,):\n    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, 2**50))",
    ],
)
@pytest.mark.skipif(torch.cuda.is_available(), reason="is for machines without a GPU")
def test_what_a_notebook_asks_of_the_machine_is_a_difference_of_machines(source: str) -> None:
    assert why(source)


@pytest.mark.parametrize(
    "source",
    [
        "assert conv(x).sum() == 3",
        "assert np.allclose(conv(x), x), torch.__version__",
        "assert np.allclose(conv(x), x) and np.__version__",
        "assert k == 4 and 'COLAB_GPU' not in os.environ",
        "assert is_odd(k + 1) or 'COLAB_GPU' in os.environ",
        "assert conv(len(os.environ)) < 0",
        "assert x.sum() == len(os.environ) + 1000",
        "assert k == 4",
        "assert False",
        "if sys.version_info > (3, 0):\n    assert conv(x).sum() == 3",
        "if sys.version_info > (3, 0):\n    if k == 3:\n        raise ValueError('wrong')",
        "if 'HOME' in os.environ:\n    conv(None)",
        "raise ValueError(os.environ)",
        "sys.exit(1)",
        "conv(os.environ)",
        "conv([1])[len(os.environ)]",
        "x.reshape(7, os.cpu_count())",
        "torch.zeros(2, device=device).reshape(3)",
        "torch.zeros(2, device='cuda' if torch.cuda.is_available() else 'cpu').reshape(3)",
        "torch.zeros(2, 3).to(device) @ torch.zeros(2, 3).to(device)",
        "torch.nn.Linear(2, 2).device",
        "assert torch.zeros(2, device=device).sum() == 1",
        "y = undefined_name + os.cpu_count()",
        "def f():\n    return 1 / 0\nassert f() == os.cpu_count()",
    ],
)
def test_a_students_own_wrong_assert_is_still_theirs(source: str) -> None:
    assert not why(source)


def test_a_name_that_tells_about_the_machine_does_so_in_an_assertion() -> None:
    assert why("assert in_colab", "in_colab = False")
    assert not why("assert in_colab and is_odd(4)", "in_colab = True")


@pytest.mark.parametrize(
    ("source", "tells"),
    [
        ("batch = torch.zeros(2, device=device)", False),
        ("net = torch.nn.Linear(2, 2).to(device)", False),
        ("score = float(conv(x).sum()) + len(os.environ)", False),
        ("in_colab = 'COLAB_GPU' in os.environ", True),
        ("major = int(torch.__version__.split('.')[0])", True),
        ("if torch.cuda.is_available():\n    gpu = True\nelse:\n    gpu = False", True),
        (
            "try:\n    import nobody_has_it\n    x = 1\nexcept ImportError:\n    x = 0",
            True,
        ),
        ("y = conv(x)", False),
        ("k = 3", False),
        ("for i in range(3): y = conv(x)", False),
    ],
)
def test_names_learn_about_the_machine_from_what_gives_them_their_value(
    source: str, tells: bool
) -> None:
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(SETUP + source, space)  # noqa: S102
    (statement,) = ast.parse(source).body
    bound = bound_names(statement) - {"nobody_has_it"}
    known = names_of_machine(statement, bound, space, {"other"} | bound)
    assert known == ({"other"} | bound if tells else {"other"})


def test_an_exit_because_a_module_is_missing_is_a_reason_of_the_machine() -> None:
    error, (statement,) = SystemExit("install it first"), ast.parse("f()").body
    error.__context__ = ModuleNotFoundError("No module named 'd2l'", name="d2l")
    assert reason_of(error, statement, "f()") == "module"
    assert reason_of(SystemExit("done"), statement, "f()") == ""

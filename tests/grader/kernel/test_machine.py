"""For which exceptions a cell goes on: reasons of the machine, and never the notebook's own."""

from __future__ import annotations

import ast
import errno
import http.client
import subprocess
import urllib.error

import pytest
import requests
from IPython.core.error import StdinNotImplementedError, UsageError

from grader.kernel.machine import reason_of


def chained(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ModuleNotFoundError("No module named 'wandb'", name="wandb"), "module"),
        (ImportError("cannot import name 'imread' from 'scipy.misc'", name="scipy.misc"), "module"),
        (UsageError("Line magic function `%x` not found."), "magic"),
        (FileNotFoundError(errno.ENOENT, "No such file"), "file"),
        (PermissionError(errno.EACCES, "denied"), "file"),
        (RuntimeError("Parent directory /content/x does not exist."), "file"),
        (EOFError("Ran out of input"), "file"),
        (urllib.error.URLError("refused"), "network"),
        (http.client.RemoteDisconnected("closed"), "network"),
        (requests.exceptions.HTTPError("404"), "network"),
        (chained(RuntimeError("no weights"), TimeoutError("timed out")), "network"),
        (RuntimeError("Found no NVIDIA driver on your system."), "device"),
        (AssertionError("Torch not compiled with CUDA enabled"), "device"),
        (SystemExit("a GPU is needed"), "device"),
        (StdinNotImplementedError("raw_input was called"), "input"),
        (subprocess.CalledProcessError(8, ["wget"]), "command"),
        # The notebook's own, a stub, or a limit of the run.
        (NameError("name 'cuda' is not defined"), ""),
        (ValueError("operands could not be broadcast together"), ""),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), ""),
        (AssertionError("shapes differ"), ""),
        (NotImplementedError(), ""),
        (MemoryError(), ""),
        (RuntimeError("CUDA out of memory"), ""),
        (OSError(errno.ENOSPC, "No space left on device"), ""),
        (SystemExit(0), ""),
        (KeyboardInterrupt(), ""),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_the_reason_of_an_exception(error: BaseException, reason: str) -> None:
    (statement,) = ast.parse("x = f(y)").body
    assert reason_of(error, statement, "x = f(y)") == reason


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("get_ipython().run_line_magic('load_ext', 'tensorboard')", "magic"),
        ("out = get_ipython().getoutput('nvidia-smi')", "magic"),
        ("get_ipython().run_line_magic('timeit', 'f(x)')", ""),
        ("get_ipython().run_cell_magic('time', '', 'f(x)')", ""),
        ("f(x)", ""),
    ],
)
def test_a_magic_fails_for_the_machine_unless_it_runs_the_notebooks_code(
    source: str, reason: str
) -> None:
    (statement,) = ast.parse(source).body
    assert reason_of(ValueError("wrong"), statement, source) == reason


def test_an_assertion_about_the_gpu_is_a_reason_of_the_machine() -> None:
    source = "assert torch.cuda.is_available()"
    (statement,) = ast.parse(source).body
    assert reason_of(AssertionError(), statement, source) == "device"

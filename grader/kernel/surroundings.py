"""Global state that code depends on: taken down at one time, put up again for a call of ours."""

from __future__ import annotations

import contextlib
import os
import random
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

LEAST_RECURSION = 1000
"""Python's own limit of nested calls; a notebook may have set a lower one."""


@dataclass(frozen=True)
class Surroundings:
    """What surrounds a call, besides the notebook's names."""

    grad: bool = True
    inference: bool = False
    dtype: torch.dtype = torch.float32
    number_errors: tuple[tuple[str, Any], ...] = ()
    filters: tuple[Any, ...] | None = None
    folder: str = ""

    @property
    def plain(self) -> bool:
        """Whether code that runs in `PLAIN` would run here too."""
        quiet = all(how not in {"raise", "call"} for _, how in self.number_errors)
        strict = any(one[0] == "error" for one in self.filters or ())
        modes = (self.grad, self.inference, self.dtype)
        return quiet and not strict and modes == (PLAIN.grad, PLAIN.inference, PLAIN.dtype)

    @contextlib.contextmanager
    def put_up(self) -> Iterator[None]:
        """Have it so while the block runs, and afterwards as it was before."""
        before = taken_down()
        with contextlib.ExitStack() as stack:
            stack.callback(_change_folder, before.folder)
            stack.callback(_set_depth, sys.getrecursionlimit())
            stack.callback(torch.set_default_dtype, before.dtype)
            stack.enter_context(warnings.catch_warnings())
            stack.enter_context(np.errstate(**dict(self.number_errors)))
            stack.enter_context(torch.inference_mode(self.inference))
            stack.enter_context(torch.set_grad_enabled(self.grad))
            warnings.resetwarnings()
            if self.filters is None:
                warnings.simplefilter("ignore")
            else:
                warnings.filters[:] = self.filters  # type: ignore[index]
            torch.set_default_dtype(self.dtype)
            _set_depth(max(LEAST_RECURSION, sys.getrecursionlimit()))
            _change_folder(self.folder)
            yield


PLAIN = Surroundings(number_errors=(("all", "ignore"),))
"""A fresh Python's, with warnings off."""


def taken_down() -> Surroundings:
    """Return what surrounds this call."""
    try:
        folder = str(Path.cwd())
    except OSError:  # it has been taken away
        folder = ""
    return Surroundings(
        grad=torch.is_grad_enabled(),
        inference=torch.is_inference_mode_enabled(),
        dtype=torch.get_default_dtype(),
        number_errors=tuple(np.geterr().items()),
        filters=tuple(warnings.filters),
        folder=folder,
    )


def _set_depth(limit: int) -> None:
    with contextlib.suppress(RecursionError):  # it is lower than we are deep
        sys.setrecursionlimit(limit)


def _change_folder(folder: str) -> None:
    if folder:
        with contextlib.suppress(OSError):
            os.chdir(folder)


@dataclass(frozen=True)
class Randomness:
    """Where the global generators stand."""

    python: Any
    numpy: Any
    torch_cpu: torch.Tensor
    torch_gpus: tuple[torch.Tensor, ...]

    @contextlib.contextmanager
    def put_up(self) -> Iterator[None]:
        """Let them go on from here while the block runs, and afterwards from where they were."""
        before = randomness()
        self._set()
        try:
            yield
        finally:
            before._set()

    def _set(self) -> None:
        random.setstate(self.python)
        np.random.set_state(self.numpy)  # noqa: NPY002 -- the generator that notebooks use
        torch.set_rng_state(self.torch_cpu)
        if self.torch_gpus:
            torch.cuda.set_rng_state_all(self.torch_gpus)


def randomness() -> Randomness:
    """Return where the global generators stand."""
    started = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    gpus = torch.cuda.get_rng_state_all() if started else ()
    return Randomness(
        python=random.getstate(),
        numpy=np.random.get_state(),  # noqa: NPY002 -- the generator that notebooks use
        torch_cpu=torch.get_rng_state(),
        torch_gpus=tuple(gpus),
    )

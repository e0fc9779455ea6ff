"""torchvision without the compiler of PyTorch, which it imports for the sake of one function.

`torchvision.ops.roi_align` imports `torch._dynamo.utils`, and with it the compiler, SymPy, and
`torch.distributed`: more than half of the time of importing PyTorch and torchvision, in every
process, for an operation that no ResNet has. Here it finds a stand-in, which imports the real one
when it is called. Nothing else changes: `import torch._dynamo` imports it as ever.

The grader copies this file into the student's kernel, so it imports nothing of ours.
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

COMPILER = "torch._dynamo"


def is_compile_supported(device_type: str) -> bool:
    """Ask the real function of that name."""
    return bool(importlib.import_module(f"{COMPILER}.utils").is_compile_supported(device_type))


@contextmanager
def _stand_ins() -> Iterator[None]:
    """Let imports find stand-ins for the compiler while the block runs."""
    made = {name: types.ModuleType(name) for name in (COMPILER, f"{COMPILER}.utils")}

    def leave() -> None:
        for name, module in made.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]

    def real(module: str, attribute: str) -> Any:
        """A torchvision that uses more of it gets the real one."""
        if attribute.startswith("__"):  # of any module: whoever looks through all of them asks
            raise AttributeError(attribute)
        leave()
        return getattr(importlib.import_module(module), attribute)

    for name, module in made.items():
        module.__dict__["__getattr__"] = partial(real, name)
    made[f"{COMPILER}.utils"].__dict__["is_compile_supported"] = is_compile_supported
    sys.modules.update(made)
    try:
        yield
    finally:
        leave()


def import_torchvision() -> types.ModuleType:
    """Import torchvision; where the compiler is not there yet, without it."""
    importlib.import_module("torch")
    if COMPILER in sys.modules or "torchvision" in sys.modules:
        return importlib.import_module("torchvision")
    with _stand_ins():
        return importlib.import_module("torchvision")


torchvision = import_torchvision()

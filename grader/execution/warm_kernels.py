"""Warm kernels: a fork server that has imported what notebooks need, for many runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import resources
from pathlib import Path

from grader.execution.drivers import driver_server
from grader.execution.places import run_environment
from grader.execution.workspace import ASSETS, SETTINGS, font_cache, kernel_environment
from grader.sandbox.box import COURSE_CA, HOME, OWN, Mount
from grader.sandbox.tiers import Tier
from grader.sandbox.warm import WarmServer
from grader.sandbox.warm_server import RESTARTS, Preload, warm_server
from reference.bundles import Bundle
from reference.errors import GraderFault

LIGHT = Path(str(resources.files("reference"))) / "light_torchvision.py"
"""It imports torch, which is for the kernels; here only its path is needed."""
MODULES = (
    "torch", LIGHT.stem, "torchvision", "torchvision.models", "torchvision.transforms",
    "torch.nn.functional", "torch.optim", "torch.utils.data",
    "torch.fx.experimental.symbolic_shapes", "numpy", "numpy.random", "cv2", "matplotlib.pyplot",
    "PIL.Image", "requests", "tqdm.auto", "IPython.core.completer", "ipykernel.kernelapp",
    "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.debugger", "zmq", "tornado.queues",
    "tornado.platform.asyncio", "IPython.core.completerlib", "IPython.core.debugger",
    "IPython.core.logger", "IPython.core.oinspect", "IPython.extensions.storemagic", "faulthandler",
)  # fmt: skip
"""What the course's notebook imports, and what a kernel does by itself.

The first backward pass imports `symbolic_shapes`, and with it sympy, which takes a second.
"""

_TRIAL = """
import torch
torch.mm(torch.ones(512, 512), torch.ones(512, 512)).sigmoid_().sum().item()
"""


def _preload() -> Preload:
    return Preload(
        programs=(LIGHT,),
        modules=MODULES,
        denied=("debugpy",),  # as in a cold kernel
        # A kernel sets it before the notebook can import matplotlib, which looks once.
        while_importing=(("MPLBACKEND", "module://matplotlib_inline.backend_inline"),),
        copies=((SETTINGS, OWN),),
        trial=_TRIAL,
    )


@contextmanager
def warm_kernels(
    bundle: Bundle, *, threads: int, tier: Tier, device: str, restarts: int = RESTARTS
) -> Iterator[WarmServer]:
    """Keep a fork server up for runs with this bundle while the block runs.

    Enter it in a thread that lives as long, and hand what it yields to as many runs as you like,
    one after the other or at the same time. A run that it does not fit starts cold.

    Args:
        bundle: Its files are what the kernels see of the course.
        threads: CPU threads of each kernel.
        tier: Of the runs.
        device: `cpu` or `cuda`, of the runs.
        restarts: How often the server is started anew where it ends by itself.

    Raises:
        GraderFault: it cannot be had; the runs must start cold.
    """
    environment = run_environment(kernel_environment(HOME, OWN, threads, COURSE_CA), device)
    mounts = (
        Mount(host=font_cache(), inside=f"{SETTINGS}/config/matplotlib"),
        Mount(host=bundle.root, inside=ASSETS),
    )
    server = warm_server(
        tier,
        _preload(),
        environment=tuple(environment.items()),
        mounts=mounts,
        gpu=device != "cpu",
        restarts=restarts,
    )
    try:
        found = server.__enter__()
    except OSError as error:
        raise GraderFault(f"{error}; runs start cold, which takes longer.") from error
    try:
        drivers = found.address.with_name("d")
        with driver_server(drivers):
            yield replace(found, drivers=drivers)
    finally:
        server.__exit__(None, None, None)

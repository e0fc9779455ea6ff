"""First request of a run: seeds, shims, recorders, probe desk."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from . import compat, going_on, keeping_up, names, probing, recorder, repeating
from .channel import Channel
from .state import state_of

_channels: list[Channel] = []


def start(
    shell: Any,
    *,
    nonce: str,
    seed: int,
    shims: list[str],
    wanted: list[str],
    originals: str,
    **facts: list[str],
) -> None:
    """Prepare this kernel; tells the host when it is done.

    Args:
        shell: The kernel's.
        nonce: Of this run.
        seed: Of the generators and the hidden inputs.
        shims: Names of the shims to install.
        wanted: Names that probes will ask for.
        originals: Folder of the course's files as the bundle has them.
        facts: About the notebook, for `going_on`.
    """
    channel = Channel(shell.kernel, nonce)
    _channels[:] = [channel]
    compat.seed_generators(seed)
    compat.full_precision()
    compat.install(channel, shims)
    compat.install_in_shell(channel, shims, shell, originals)
    recorder.install(channel, shell, seed, wanted)
    going_on.install(channel, shell, **facts)
    keeping_up.install(shell)
    compat.installed_all(shims)
    channel.send("started", _facts())


def answer(packed: str) -> None:
    """Answer one probe with the functions that the notebook bound, as things were then.

    Args:
        packed: The question as JSON, compressed, in base 64.
    """
    question = json.loads(zlib.decompress(base64.b64decode(packed)))
    state_inside = state_of()
    nested, state_inside.inside_recorder = state_inside.inside_recorder, True
    names.note_names()
    try:
        with names.as_bound(question["calls"][0]["function"]) as functions:
            probing.answer(_channels[0], functions, question)
    finally:
        state_inside.inside_recorder = nested


def repeat_attack(class_id: int, *, normalised: bool) -> None:
    """Repeat the last attack in a space with another target, if that target was never aimed at."""
    repeating.repeat(class_id, normalised=normalised)


def _facts() -> dict[str, Any]:
    import platform

    import numpy as np
    import torch
    import torchvision

    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "cpu"
    return {
        "device": device,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "numpy": np.__version__,
    }

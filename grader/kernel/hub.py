"""Pretrained weights by any of the ways that lead to them: the bundle's checkpoint, or a clear no.

torchvision's first ImageNet weights of ResNet-50 (`IMAGENET1K_V1`, by the name of 2021's file too)
are the bundle's. Another ResNet-50 of torchvision's gets them too, and says so; any other network's
weights are not here.
"""

from __future__ import annotations

import functools
import re
import urllib.error
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import torch

from . import going_on

CHECKPOINT = "resnet50-0676ba61.pth"
SAME = frozenset({CHECKPOINT, "resnet50-19c8e357.pth"})
"""Names under which torchvision has published the weights that the course uses."""
OTHERS = re.compile(r"resnet50-[0-9a-f]{8}\.pth")
"""Other weights of the same network."""
NAMED = re.compile(r"IMAGENET1K_V2|resnet50-11ad3fa6|resnet50-(?!0676ba61|19c8e357)[0-9a-f]{8}")
"""How a notebook asks for others by their own name, and not for the best that there are."""
VISION = re.compile(r"pytorch/vision(:.*)?")
_OF_HUB = ("force_reload", "verbose", "skip_validation", "trust_repo", "source")


def install(told: Callable[[], None]) -> None:
    """Answer torch hub, torchvision's weights, and their URLs.

    Args:
        told: Called when something was answered in another way than asked for.
    """
    from torch.utils import model_zoo
    from torchvision import _internally_replaced_utils
    from torchvision.models import _api

    load_url = _load_url(torch.hub.load_state_dict_from_url, told)
    for module in (torch.hub, model_zoo, _internally_replaced_utils, _api):
        name = "load_url" if module is model_zoo else "load_state_dict_from_url"
        setattr(module, name, load_url)
    torch.hub.load = _load(torch.hub.load, told)


def _load(plain: Callable[..., Any], told: Callable[[], None]) -> Callable[..., Any]:
    """`torch.hub.load`: torchvision's networks are those that are installed."""

    @functools.wraps(plain)
    def load(repo_or_dir: Any, model: Any = None, *args: Any, **kwargs: Any) -> Any:
        import torchvision

        build = getattr(torchvision.models, str(model), None)
        if VISION.fullmatch(str(repo_or_dir)) and callable(build):
            told()
            for name in _OF_HUB:
                kwargs.pop(name, None)
            return build(*args, **kwargs)
        return plain(repo_or_dir, model, *args, **kwargs)

    return load


def _load_url(plain: Callable[..., Any], told: Callable[[], None]) -> Callable[..., Any]:
    """`load_state_dict_from_url`: from the bundle, or a refusal that says what is asked for."""

    @functools.wraps(plain)
    def load_url(url: Any, model_dir: Any = None, *args: Any, **kwargs: Any) -> Any:
        name = str(kwargs.get("file_name") or urlsplit(str(url)).path.rpartition("/")[2])
        folder = Path(model_dir or Path(torch.hub.get_dir()) / "checkpoints")
        ours = Path(torch.hub.get_dir()) / "checkpoints" / CHECKPOINT
        if (folder / name).exists():
            return plain(url, model_dir, *args, **kwargs)
        published = urlsplit(str(url)).path.rpartition("/")[2]
        if ours.exists() and (published in SAME or OTHERS.fullmatch(published)):
            told()
            if published not in SAME and NAMED.search(going_on.source_under_way()):
                going_on.got_instead("weights", f"{published} is not one of the course's files")
            kwargs.pop("file_name", None)
            return plain(str(url).replace(published, CHECKPOINT), None, *args, **kwargs)
        if published.endswith((".pth", ".pt")) and "download.pytorch.org" in str(url):
            raise urllib.error.URLError(
                f"the weights {published} are not among the course's files, and there is no network"
            )
        return plain(url, model_dir, *args, **kwargs)

    return load_url

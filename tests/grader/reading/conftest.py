from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from grader.reading.report_families import KnownPicture
from grader.reading.report_pages import Rgb
from reference.expected import COMMITTED
from reference.images import read_image

NAMES = ("corgi", "4a", "4b", "4e", "4f-145", "4d-layer1", "4d-layer4")


@pytest.fixture(scope="session")
def images() -> dict[str, Rgb]:
    """The reference's own last images, 224 pixels a side, by name."""
    files = {name: COMMITTED / "studio" / f"{name}.png" for name in NAMES}
    return {
        name: np.asarray(cv2.cvtColor(read_image(path), cv2.COLOR_BGR2RGB), dtype=np.uint8)
        for name, path in files.items()
    }


@pytest.fixture(scope="session")
def known(images: dict[str, Rgb]) -> tuple[KnownPicture, ...]:
    return tuple(KnownPicture(name=name, rgb=rgb) for name, rgb in images.items())


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[bytes], Path]:
    def save(data: bytes) -> Path:
        path = tmp_path / "report.pdf"
        path.write_bytes(data)
        return path

    return save

from __future__ import annotations

import pytest
import torch

from tests.grader.checks.support import Lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    torch.set_num_threads(1)
    return Lab(folder=tmp_path_factory.mktemp("evidence"))

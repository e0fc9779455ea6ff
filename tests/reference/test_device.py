"""Choice of the device."""

import pytest
import torch

from reference.device import choose_device, describe_device, repeatable
from reference.errors import ConfigError


def test_auto_takes_a_gpu_only_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for has_gpu, wanted in ((False, "cpu"), (True, "cuda")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda has_gpu=has_gpu: has_gpu)
        assert choose_device("auto").type == wanted
        assert choose_device("cpu").type == "cpu"


def test_an_impossible_wish_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match="no usable GPU"):
        choose_device("cuda")
    with pytest.raises(ConfigError, match="expected one of auto, cpu, cuda, found 'tpu'"):
        choose_device("tpu")


def test_repeatable_puts_the_settings_back() -> None:
    before = torch.backends.cudnn.deterministic
    with repeatable():
        assert torch.backends.cudnn.deterministic
    assert torch.backends.cudnn.deterministic == before
    assert describe_device(torch.device("cpu")).startswith("cpu (")

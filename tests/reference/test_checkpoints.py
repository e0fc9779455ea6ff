"""Reading hostile and foreign checkpoints: the tensors come out, nothing runs."""

from __future__ import annotations

import collections
import os
import pathlib
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dill
import pytest
import torch

from reference.checkpoints import load_state_dict_file, robust_state_dict
from reference.errors import ConfigError

ZIP_AND_LEGACY = pytest.mark.parametrize("is_zip", [True, False], ids=["zip", "legacy"])


class Hostile:
    """Runs a command when it is unpickled the ordinary way."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.system, (f"touch {self.marker}",))


class HostileInParts:
    """Goes through every other way a pickle has to call something."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        make = (pathlib.Path, (str(self.marker),))
        state = {"x": Hostile(self.marker)}
        return (*make, state, iter([Hostile(self.marker)]), iter([("k", Hostile(self.marker))]))


def state() -> collections.OrderedDict[str, Any]:
    torch.manual_seed(0)
    model = {
        "module.normalizer.new_mean": torch.rand(3, 1, 1),
        "module.model.conv1.weight": torch.randn(4, 3, 2, 2),
        "module.model.bn1.num_batches_tracked": torch.tensor(7),
        "module.model.fc.weight": torch.randn(5, 4).t(),
    }
    attacker = {
        name.replace("module.", "module.attacker."): tensor
        for name, tensor in model.items()
        if ".model." in name
    }
    return collections.OrderedDict({**model, **attacker})


def missing_class() -> Any:
    """A class of a module that is gone when the file is read."""
    module = types.ModuleType("cox_that_is_not_installed")
    sys.modules[module.__name__] = module
    body = {"__module__": module.__name__, "__init__": lambda self: setattr(self, "eps", 3.0)}
    parameters = type("Parameters", (), body)
    setattr(module, parameters.__name__, parameters)
    return parameters


def save(tree: Any, path: Path, is_zip: bool) -> None:
    torch.save(tree, path, pickle_module=dill, _use_new_zipfile_serialization=is_zip)


@pytest.fixture
def madry_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Any:
    """A file of the published form, with all that could go wrong in it."""
    marker = tmp_path / "marker"

    def make(is_zip: bool) -> Any:
        parameters = missing_class()
        factor = 3
        tree = {
            "before": Hostile(marker),
            "model": state(),
            "optimizer": {"state": {0: {"momentum_buffer": torch.zeros(4)}}, "lr": [0.1]},
            "schedule": lambda epoch: factor * epoch,
            "args": parameters(),
            "local": type("Local", (dict,), {"f": lambda self: 1})(a=Hostile(marker)),
            "parts": HostileInParts(marker),
            "epoch": 105,
        }
        path = tmp_path / "imagenet_l2_3_0.pt"
        save(tree, path, is_zip)
        sys.modules.pop("cox_that_is_not_installed")
        return path, marker

    return make


@ZIP_AND_LEGACY
def test_tensors_come_out_and_nothing_runs(madry_file: Any, is_zip: bool) -> None:
    path, marker = madry_file(is_zip)
    tensors = load_state_dict_file(path)
    assert not marker.exists()
    assert "cox_that_is_not_installed" not in sys.modules
    wanted = state()
    assert list(tensors) == list(wanted)
    for name, tensor in wanted.items():
        assert torch.equal(tensors[name], tensor), name
        assert tensors[name].dtype == tensor.dtype


@ZIP_AND_LEGACY
def test_the_hostile_file_is_hostile(tmp_path: Path, is_zip: bool) -> None:
    """Without the restricted reader the marker appears: the tests above can fail."""
    marker = tmp_path / "marker"
    path = tmp_path / "x.pt"
    save({"model": state(), "bad": Hostile(marker)}, path, is_zip)
    torch.load(path, pickle_module=dill, weights_only=False)
    assert marker.exists()


@ZIP_AND_LEGACY
def test_a_plain_checkpoint_is_read(tmp_path: Path, is_zip: bool) -> None:
    path = tmp_path / "x.pth"
    wanted = torch.nn.Linear(3, 2).state_dict()
    torch.save(wanted, path, _use_new_zipfile_serialization=is_zip)
    tensors = load_state_dict_file(path)
    assert list(tensors) == ["weight", "bias"]
    assert torch.equal(tensors["weight"], wanted["weight"])


@ZIP_AND_LEGACY
@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.int64, torch.bool])
def test_types_views_and_parameters(tmp_path: Path, is_zip: bool, dtype: Any) -> None:
    base = torch.arange(24).to(dtype).view(4, 6)
    tree: dict[str, Any] = {
        "foreign": Hostile(tmp_path / "marker"),
        "row": base[1],
        "column": base[:, 2],
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "empty": torch.empty(0, dtype=dtype),
    }
    save(tree, tmp_path / "x.pt", is_zip)
    tensors = load_state_dict_file(tmp_path / "x.pt")
    assert set(tensors) == {"row", "column", "parameter", "empty"}
    for name, tensor in tensors.items():
        assert torch.equal(tensor, tree[name]), name


def test_names_are_cut_as_the_notebook_cuts_them() -> None:
    tensors = state()
    picked = robust_state_dict(tensors)
    assert set(picked) == {"conv1.weight", "bn1.num_batches_tracked", "fc.weight"}
    assert torch.equal(picked["conv1.weight"], tensors["module.attacker.model.conv1.weight"])


def truncated(path: Path) -> None:
    torch.save({"a": Hostile(Path("/nonexistent/marker")), "w": torch.ones(1000)}, path)
    path.write_bytes(path.read_bytes()[:2000])


def truncated_legacy(path: Path) -> None:
    tree = {"a": Hostile(Path("/nonexistent/marker")), "w": torch.ones(1000)}
    torch.save(tree, path, _use_new_zipfile_serialization=False)
    path.write_bytes(path.read_bytes()[:-100])


DAMAGED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "missing": (lambda path: None, "found no file"),
    "text": (lambda path: path.write_text("<html>404</html>"), "damaged file or another format"),
    "truncated": (truncated, "damaged file or another format"),
    "truncated-legacy": (truncated_legacy, "damaged file or another format"),
    "list": (lambda path: torch.save([torch.ones(1)], path), "expected a dict at the top"),
    "no-tensors": (lambda path: torch.save({"a": 1}, path), "expected named tensors"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_named(tmp_path: Path, case: Any) -> None:
    make, message = DAMAGED[case]
    path = tmp_path / "x.pt"
    make(path)
    with pytest.raises(ConfigError, match=message):
        load_state_dict_file(path)

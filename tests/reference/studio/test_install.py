"""What `install` writes: names, forms, digests, atomicity."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest
import torch
from torchvision import models

from reference.bundle_files import BUNDLE_FILES
from reference.bundles import open_bundle
from reference.errors import ConfigError
from reference.studio.install import install, madry_form
from reference.studio.narrow import narrow_resnet50
from reference.studio.weights import load_weights


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("bundle") / "studio"
    install(root)
    return root


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("bundle") / "studio-narrow"
    install(root, width="narrow")
    return root


def test_layout_and_record(full: Path, narrow: Path) -> None:
    for root, name, in_features in ((full, "studio", 2048), (narrow, "studio-narrow", 256)):
        bundle = open_bundle(root)
        assert (bundle.name, bundle.in_features) == (name, in_features)
        files = {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()}
        assert files == {*BUNDLE_FILES, "bundle.json"}
        assert [p.name for p in root.parent.iterdir()] == [root.name]


def test_pretrained_loads_offline_as_the_notebook_does(
    full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(full / "torch"))
    monkeypatch.setattr("torch.hub.download_url_to_file", _no_network)
    with warnings.catch_warnings():
        # The course's notebook uses the argument's old name.
        warnings.simplefilter("ignore", UserWarning)
        model = models.__dict__["resnet50"](pretrained=True)
    assert model.fc.in_features == 2048
    width = load_weights("standard")["conv1.weight"]
    assert torch.equal(model.conv1.weight[:8], width)
    assert not model.conv1.weight[8:].any()


def _no_network(url: str, *args: object, **kwargs: object) -> None:
    raise AssertionError(f"tried to download {url}")


def test_robust_checkpoint_loads_as_the_notebook_does(full: Path) -> None:
    checkpoint = torch.load(full / "files/imagenet_l2_3_0.pt")
    state = {k.split("model.", 1)[1]: v for k, v in checkpoint["model"].items() if "model" in k[7:]}
    with torch.device("meta"):
        model = models.resnet50()
    result = model.load_state_dict(state, assign=True)
    assert not result.missing_keys
    assert not result.unexpected_keys
    assert torch.equal(model.conv1.weight[:8], load_weights("robust")["conv1.weight"])
    assert {k.split(".")[1] for k in checkpoint["model"]} == {"model", "attacker", "normalizer"}


def test_madry_form_shares_storage() -> None:
    model = madry_form(narrow_resnet50().state_dict())["model"]
    assert isinstance(model, dict)
    first = model["module.model.fc.weight"]
    assert first.data_ptr() == model["module.attacker.model.fc.weight"].data_ptr()


def test_class_list(full: Path) -> None:
    names = (full / "files/imagenet_classes.txt").read_text("utf-8").splitlines()
    assert len(names) == 1000
    assert [names[i] for i in (76, 263, 282)] == ["tarantula", "Pembroke", "tiger cat"]


def test_same_bytes_every_time(narrow: Path, tmp_path: Path) -> None:
    install(tmp_path / "again", width="narrow")
    first, second = (
        json.loads((p / "bundle.json").read_text()) for p in (narrow, tmp_path / "again")
    )
    assert first == second


def test_second_call_does_nothing(narrow: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in narrow.rglob("*")}
    install(narrow, width="narrow")
    assert {p: p.stat().st_mtime_ns for p in narrow.rglob("*")} == before


def test_other_version_is_replaced(tmp_path: Path) -> None:
    root = tmp_path / "bundle"
    install(root, width="narrow")
    record = json.loads((root / "bundle.json").read_text())
    (root / "bundle.json").write_text(json.dumps({**record, "version": "old"}))
    (root / "files/left-over").touch()
    install(root, width="narrow")
    assert json.loads((root / "bundle.json").read_text()) == record
    assert not (root / "files/left-over").exists()


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("reference.studio.install.shutil.copyfile", fail)
    with pytest.raises(OSError, match="disk full"):
        install(tmp_path / "bundle", width="narrow")
    assert list(tmp_path.iterdir()) == []


def test_other_files_are_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(ConfigError, match="found other files"):
        install(tmp_path)

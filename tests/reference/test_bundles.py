"""Bundles on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reference.bundle_files import BUNDLE_FILES, write_record
from reference.bundles import bundle_digests, bundle_root, cache_folder, get_bundle, open_bundle
from reference.errors import AssetsMissing, ConfigError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path in BUNDLE_FILES:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    write_record(tmp_path, name="imagenet", version="1", in_features=2048)
    return tmp_path


def test_a_bundle_knows_its_files(root: Path) -> None:
    bundle = open_bundle(root)
    assert (bundle.name, bundle.in_features, bundle.width_divisor) == ("imagenet", 2048, 1)
    assert bundle.checkpoint == bundle.torch_home / "hub/checkpoints/resnet50-0676ba61.pth"
    for file in (bundle.checkpoint, bundle.robust_checkpoint, bundle.corgi, bundle.classes):
        assert file.is_file()
    assert set(bundle_digests(bundle)) == set(BUNDLE_FILES)


@pytest.mark.parametrize("path", BUNDLE_FILES)
def test_a_changed_shortened_or_missing_file_is_noticed(root: Path, path: str) -> None:
    content = (root / path).read_text()
    (root / path).write_text(content[::-1])
    with pytest.raises(AssetsMissing, match="no longer matches"):
        open_bundle(root)
    (root / path).write_text(content[:-1])
    with pytest.raises(AssetsMissing, match=r"expected .* bytes, found"):
        open_bundle(root)
    (root / path).unlink()
    with pytest.raises(AssetsMissing, match="is missing"):
        open_bundle(root)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "expected JSON"),
        ("[]", "expected name, version, in_features, files"),
        (json.dumps({"name": "x", "version": "1", "in_features": 1, "files": {}}), "an entry for"),
    ],
)
def test_a_damaged_record_is_named(root: Path, text: Any, message: str) -> None:
    (root / "bundle.json").write_text(text)
    with pytest.raises(AssetsMissing, match=message):
        open_bundle(root)


def test_the_cache_can_be_moved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PSET4_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    assert bundle_root("imagenet") == tmp_path / "bundles" / "imagenet"
    with pytest.raises(AssetsMissing, match="make assets"):
        get_bundle("imagenet")
    with pytest.raises(ConfigError, match="expected one of studio, studio-narrow, imagenet"):
        get_bundle("cifar")
    monkeypatch.delenv("PSET4_CACHE")
    assert cache_folder().name == "pset4-grader"


@pytest.mark.parametrize("name", ["studio", "studio-narrow"])
def test_a_cache_that_cannot_be_written_to_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    cache = tmp_path / "file"
    cache.write_text("in the way")
    monkeypatch.setenv("PSET4_CACHE", str(cache))

    with pytest.raises(ConfigError, match=r"file: expected a folder that can be .* PSET4_CACHE"):
        get_bundle(name)

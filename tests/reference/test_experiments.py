"""The runner, on a bundle with random narrow weights: what it writes, and that it is seeded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from reference.bundle_files import BUNDLE_FILES, write_record
from reference.bundles import Bundle, open_bundle
from reference.dream import random_start
from reference.errors import AssetsMissing, ConfigError
from reference.expected import Expected, load_expected
from reference.experiments import add_group, run_experiments
from reference.images import prepare_image, read_image
from reference.laboratory import SIDE_BY_SIDE, RunSettings
from reference.networks import features, load_network
from reference.run_records import Norm, Space
from reference.specs import ATTACKS, DREAMS, INVERSIONS, SPECS, experiment_ids, group_of
from reference.studio.narrow import narrow_resnet50

pytestmark = pytest.mark.slow

N_STEPS = 2
ONLY = ("4a", "4e", "4d-layer1", "4d-layer2-channel", "4d-layer2-channel-distill")


def settings(**changes: Any) -> RunSettings:
    options: dict[str, Any] = {
        "device": torch.device("cpu"),
        "n_steps": N_STEPS,
        "only": ONLY,
    } | changes
    return RunSettings(**options)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle of the narrow layout whose networks are random."""
    root = tmp_path_factory.mktemp("bundles") / "studio-narrow"
    for path in BUNDLE_FILES:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    weights = narrow_resnet50().state_dict()
    checkpoint, robust, corgi, classes = (root / path for path in BUNDLE_FILES)
    torch.save(weights, checkpoint)
    torch.save({"model": {f"module.model.{k}": v for k, v in weights.items()}}, robust)
    noise = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    Image.fromarray(noise).save(corgi)
    classes.write_text("\n".join(f"class {i}" for i in range(1000)) + "\n")
    write_record(root, name="studio-narrow", version="test", in_features=256)
    return open_bundle(root)


@pytest.fixture(scope="module")
def found(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Expected:
    return run_experiments(bundle, tmp_path_factory.mktemp("out") / "expected", settings())


def test_everything_asked_for_is_there(found: Expected) -> None:
    assert [a.id for a in found.attacks] == ["4a", "4e"]
    assert sorted(d.id for d in found.dreams) == sorted(i for i in ONLY if "4d" in i)
    assert found.in_features == 256
    assert len(found.predictions.pretrained_top5) == 5
    assert found.logits("2c-logits.npy").shape == (1, 1000)
    written = {path.name for path in found.folder.iterdir()}
    assert written == {*found.manifest.files, "manifest.json"}
    with Image.open(found.path(SIDE_BY_SIDE)) as sheet:
        assert sheet.size == (224, 224 * 2 + 8)


def test_the_records_agree_with_each_other(found: Expected) -> None:
    attack = found.attack("4a")
    assert len(attack.trace) == N_STEPS + 1
    assert attack.log_p_before == pytest.approx(attack.trace[0].log_probability, rel=1e-5)
    assert attack.log_p_after == pytest.approx(attack.trace[-1].log_probability, rel=1e-5)
    assert attack.log_gain == attack.log_p_after - attack.log_p_before
    logits = torch.from_numpy(found.logits(attack.logits))
    after = float(torch.log_softmax(logits, 1)[0, attack.target])
    assert attack.log_p_after == pytest.approx(after, rel=1e-5)
    assert attack.distance_l2 == pytest.approx(attack.trace[-1].distance_l2, rel=1e-4)
    dream = found.dream("4d-layer1")
    assert dream.gain == dream.value_after / dream.value_before > 1
    assert len(dream.trace) == len(dream.objectives) == N_STEPS + 1
    assert found.dream("4d-layer2-channel").channel is not None
    assert found.dream("4d-layer2-channel-distill").trace == ()


def test_a_second_run_is_the_same_and_replaces_the_first(
    bundle: Bundle, found: Expected, tmp_path: Path
) -> None:
    heard = []
    folder = tmp_path / "expected"
    again = run_experiments(bundle, folder, settings(), lambda *args: heard.append(args))
    assert again.manifest == found.manifest
    assert ("4a", N_STEPS, N_STEPS) in heard
    less = run_experiments(bundle, folder, settings(only=("4a",)))
    assert [a.id for a in less.attacks] == ["4a"]
    assert less.dreams == ()
    assert list(tmp_path.iterdir()) == [folder]


def test_a_group_is_put_beside_what_is_there(bundle: Bundle, tmp_path: Path) -> None:
    folder = tmp_path / "expected"
    run_experiments(bundle, folder, settings(only=("4a", "4d-layer1")))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    found = add_group(bundle, folder, "sp22", settings(n_steps=1, only=()))
    assert {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()} == before
    wanted = {spec.id for spec in SPECS if group_of(spec.id) == "sp22"}
    ids = {one.id for one in found.attacks} | {one.id for one in found.inversions}
    assert ids == {"4a", *wanted}
    assert [d.id for d in found.dreams] == ["4d-layer1"]
    again = add_group(bundle, folder, "sp22", settings(n_steps=2, only=()))
    assert {i.n_steps for i in again.inversions} == {2}
    assert list(tmp_path.iterdir()) == [folder]


def test_an_inversion_is_measured_against_the_corgis_features(
    bundle: Bundle, tmp_path: Path
) -> None:
    by_id = {spec.id: spec for spec in INVERSIONS}
    name = "sp22/inversion-robust-layer1"
    found = run_experiments(bundle, tmp_path / "expected", settings(n_steps=4, only=(name,)))
    (inversion,) = found.inversions
    assert (inversion.network, inversion.layer) == ("robust", "layer1")
    assert inversion.step == by_id[name].step
    assert len(inversion.distances) == 5
    layer = features(load_network("robust", bundle), "layer1")
    corgi = layer(prepare_image(read_image(bundle.corgi), normalised=False))
    before = float((layer(random_start(0)) - corgi).norm())
    assert inversion.distances[0] == pytest.approx(before, rel=1e-5)
    with Image.open(found.path(inversion.image)) as picture:
        assert picture.size == (224, 224)


def test_a_group_of_other_weights_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    folder = tmp_path / "expected"
    name = "sp22/inversion-pretrained-layer1"
    run_experiments(bundle, folder, settings(n_steps=0, only=(name,)))
    manifest = folder / "sp22" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('version":"test"', 'version":"old"'))
    with pytest.raises(AssetsMissing, match="of version test of the bundle, found old"):
        load_expected("studio-narrow", folder)
    (folder / "sp22" / "inversion-pretrained-layer1.jpeg").unlink()
    with pytest.raises(AssetsMissing, match="missing, or changed"):
        load_expected("studio-narrow", folder)


def test_another_seed_gives_another_random_network_and_dream(
    bundle: Bundle, found: Expected, tmp_path: Path
) -> None:
    other = run_experiments(bundle, tmp_path / "x", settings(seed=1, only=("4d-layer1",)))
    assert other.predictions.random_top5 != found.predictions.random_top5
    assert other.predictions.pretrained_top5 == found.predictions.pretrained_top5
    assert other.dream("4d-layer1").value_before != found.dream("4d-layer1").value_before


def test_a_foreign_folder_is_left_alone(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ConfigError, match="found other files"):
        run_experiments(bundle, tmp_path, settings())
    assert (tmp_path / "thesis.tex").exists()


def test_unknown_experiments_are_refused(bundle: Bundle, found: Expected, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"expected one of 4a, 4b, .* found '4z'"):
        run_experiments(bundle, tmp_path / "x", settings(only=("4z",)))
    with pytest.raises(ConfigError, match="expected one of 4a, 4e, found '4b'"):
        found.attack("4b")


@pytest.mark.parametrize(
    ("name", "message"),
    [("4a.png", "missing, or changed"), ("manifest.json", "no expected outputs of the studio-nar")],
)
def test_missing_files_are_noticed(bundle: Bundle, tmp_path: Path, name: str, message: str) -> None:
    folder = tmp_path / "expected"
    run_experiments(bundle, folder, settings(only=("4a",), n_steps=0))
    (folder / name).unlink()
    with pytest.raises(AssetsMissing, match=message):
        load_expected("studio-narrow", folder)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"format_version":1', '"format_version":99', "of format 1, found 99"),
        ('"n_steps":0', '"n_steps":"many"', "n_steps: Input should be a valid integer"),
    ],
)
def test_a_foreign_manifest_is_named(
    bundle: Bundle, tmp_path: Path, old: str, new: str, message: str
) -> None:
    folder = tmp_path / "expected"
    run_experiments(bundle, folder, settings(only=("4a",), n_steps=0))
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace(old, new))
    with pytest.raises(AssetsMissing, match=message):
        load_expected("studio-narrow", folder)


def test_the_settings_are_the_notebooks() -> None:
    """The contract's table, in words of this code."""
    by_id = {spec.id: spec for spec in ATTACKS}
    assert (by_id["4a"].target, by_id["4a"].step.step_size) == (76, 0.05)
    assert (by_id["4a"].step.eps_l2, by_id["4a"].step.norm) == (None, Norm.ABS)
    assert (by_id["4b"].target, by_id["4b"].step.step_size, by_id["4b"].step.eps_l2) == (282, 3, 30)
    assert {by_id[i].step.space for i in ("4a", "4b")} == {Space.NORMALISED}
    robust = by_id["4e"]
    assert (robust.target, robust.network, robust.step.space) == (282, "robust", Space.PIXELS)
    assert (robust.step.step_size, robust.step.eps_l2) == (2, 30)
    assert len([spec for spec in ATTACKS if spec.id.startswith("4f")]) >= 2
    assert len({spec.layer for spec in DREAMS}) >= 3
    assert {(i.network, i.layer) for i in INVERSIONS} == {
        (network, f"layer{k}") for network in ("pretrained", "robust") for k in (1, 2, 3, 4)
    }
    assert by_id["sp22/4a"].target == 76
    assert by_id["sp22/4a"].step == by_id["4b"].step
    assert len(set(experiment_ids())) == len(ATTACKS) + len(DREAMS) + len(INVERSIONS)

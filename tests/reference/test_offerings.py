"""The experiments of an offering: what its file says, what of it was never run."""

import shutil
from pathlib import Path

import pytest

from reference.errors import AssetsMissing, ConfigError
from reference.expected import COMMITTED, added_folder, load_expected
from reference.offerings import lacking, specs_of

ATTACK = """
name = "fall30"
[experiments.5b]
objective = "log_probability"
target = {target}
network = "robust"
space = "pixels"
start = "corgi"
step_size = 2.0
norm = "l2"
eps_l2 = 30.0
n_steps = 200
"""


def offering(folder: Path, text: str) -> Path:
    (folder / "assignment.toml").write_text(text)
    return folder


def test_what_the_graders_own_offerings_ask_has_been_run() -> None:
    expected = load_expected("studio")
    own = Path(__file__).parents[2] / "grader/model/offerings"
    for name in ("pset4_sp21", "pset4_sp22"):
        wanted = specs_of(own / name)
        assert wanted.specs
        assert lacking(wanted, expected) == ()


def test_another_target_lacks_a_run(tmp_path: Path) -> None:
    expected = load_expected("studio")
    known = specs_of(offering(tmp_path, ATTACK.format(target=282)))
    other = specs_of(offering(tmp_path, ATTACK.format(target=340).replace("30.0", "31.0")))

    assert lacking(known, expected) == ()
    assert [spec.id for spec in lacking(other, expected)] == ["fall30/attack-5b"]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("target = 7", "", r"experiments\.5b\.target: expected the id of a class"),
        ("target = 7", "target = 1000", r"experiments\.5b\.target: .*found 1000"),
        ('norm = "l2"', 'norm = "l3"', r"experiments\.5b\.norm: .*found 'l3'"),
        ('name = "fall30"', 'name = "../x"', r"name: .*found '\.\./x'"),
        ("n_steps = 200", "n_steps = 201", r"n_steps: .*found 201"),
        ("[experiments.5b]", "[experiments.5b", "expected the file of an offering"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    text = ATTACK.format(target=7)
    assert old in text

    with pytest.raises(ConfigError, match=sentence):
        specs_of(offering(tmp_path, text.replace(old, new)))
    with pytest.raises(ConfigError, match="No such file"):
        specs_of(tmp_path / "nothing")


def test_damaged_outputs_of_an_offering_are_mended_by_adding_them_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PSET4_CACHE", str(tmp_path))
    folder = added_folder("studio") / "fall30"
    folder.mkdir(parents=True)
    shutil.copy(COMMITTED / "studio" / "sp22" / "manifest.json", folder)

    with pytest.raises(AssetsMissing, match="missing, or changed") as caught:
        load_expected("studio")
    said = str(caught.value)
    assert (
        f"take the folder {folder} away, and run `.venv/bin/python -m reference add-offering fall30"
        in said
    )
    assert "make reference" not in said

"""All faults of an offering are told at once, before a student pays for one."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from grader.app.main import main
from grader.model.assignment import load_assignment, parse_course
from grader.model.offering_files import OFFERINGS, SEARCH_PATH, offering_names, recorded_offering
from grader.model.records import Outcome
from grader.offering.check import check_offering
from grader.offering.new import NewOffering, make_offering
from grader.offering.notebooks import make_solved, read_master, write_notebooks
from grader.offering.solved_run import short_of
from reference.errors import ConfigError
from tests import factories

BUNDLE = "studio-narrow"
ZEBRA = "340"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new offering whose facts are all set."""
    folder = tmp_path_factory.mktemp("new") / "fall30"
    wanted = NewOffering(
        name="fall30",
        source="pset4_sp21",
        folder=folder,
        courses=("6.8300", "6.8301"),
        deadline=datetime(2030, 3, 31, 23, 59),
    )
    assert len(make_offering(wanted).left) == 4
    path = folder / "assignment.toml"
    path.write_text(re.sub(r" # TODO.*", "", path.read_text()))
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoiled."""
    shutil.copytree(made, tmp_path / "fall30")
    return tmp_path / "fall30"


def change(folder: Path, *changes: tuple[str, str], name: str = "assignment.toml") -> None:
    text = (folder / name).read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    (folder / name).write_text(text)


def without(text: str, *tables: str) -> str:
    """The file without some of its tables, which begin as given."""
    blocks = re.split(r"(?m)^(?=\[)", text)
    return "".join(one for one in blocks if not one.startswith(tables))


def without_first_attack(folder: Path) -> None:
    path = folder / "assignment.toml"
    path.write_text(without(path.read_text(), '[[parts]]\nid = "4a"', "[experiments.4a]"))


@pytest.mark.parametrize("name", offering_names())
def test_the_graders_own_offerings_fit(name: str) -> None:
    found = check_offering(name, BUNDLE)
    assert (found.faults, found.lacking) == ((), ())


def test_a_new_offering_fits_once_its_facts_are_set(made: Path) -> None:
    found = check_offering(str(made), BUNDLE)
    assert (found.faults, found.lacking, found.remarks) == ((), (), ())
    assert load_assignment(str(made)).title.startswith("6.8300/6.8301 Problem Set 4")


def test_while_a_fact_is_left_nothing_is_graded(folder: Path) -> None:
    change(folder, ("deadline = 2030-03-31T23:59:00", "deadline = 2030-03-31T23:59:00 # TODO: it"))
    with pytest.raises(ConfigError, match=r"fall30/assignment\.toml:7: expected a fact that is"):
        load_assignment(str(folder))
    (fault,) = check_offering(str(folder), BUNDLE).faults
    assert fault.startswith("fall30/assignment.toml:7: TODO: it")


def test_all_faults_are_listed_at_once_with_line_and_remedy(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(
        folder,
        ('id = "conv_update"', 'id = "conv_updat"'),
        ("weak_gain", "weak_gian"),
        ('"files/WelshCorgi.jpeg"', '"files/Corgi.jpeg"'),
        ('anchors = ["model_layer"]', 'anchors = ["model_layers"]'),
        ("required_for = []", 'required_for = ["6.8300"]'),
    )
    change(folder, ("[3c]", "[3x]"), ("[[3c.items]]", "[[3x.items]]"), name="rubrics.toml")
    rubrics = (folder / "rubrics.toml").read_text()
    (folder / "rubrics.toml").write_text(rubrics.replace("[[3c.items]]", "[[3x.items]]"))

    assert main(["offering", "check", str(folder)]) == 2
    said = " ".join(capsys.readouterr().out.split())
    for sentence in (
        r"- fall30/assignment\.toml:\d+: part 3b: checks: expected one of .* found 'conv_updat'",
        r"- fall30/assignment\.toml:\d+: credit\.targeted_attack\.weak_gian: no check uses this",
        r"- fall30/assignment\.toml:13: course_files: http\S+: expected a file of a bundle",
        r"part 4d: anchors: expected a name or a text .* found 'model_layers'",
        r"parts\[15\]\.required_for: a bonus part cannot be required",
        r"rubrics\.toml: there is no part '3x'; take its rubric out",
        r"part 3c: expected a rubric, .* add \[3c\] to rubrics\.toml",
    ):
        assert re.search(sentence, said), sentence
    assert said.endswith("7 faults.")


def test_an_offering_without_4a_is_refused_where_4c_compares_it(folder: Path) -> None:
    without_first_attack(folder)
    with pytest.raises(ConfigError, match=r"parts\[11\]\.compared: part '4a' has no experiment"):
        load_assignment(str(folder))
    faults = check_offering(str(folder), BUNDLE).faults
    assert any(re.search(r":\d+: parts\[11\]\.compared: part '4a'", one) for one in faults)


def test_a_notebook_without_4a_still_has_what_the_other_attacks_need(folder: Path) -> None:
    without_first_attack(folder)
    path = folder / "assignment.toml"
    path.write_text(without(path.read_text(), '[[parts]]\nid = "4c"'))
    rubrics = folder / "rubrics.toml"
    rubrics.write_text(without(rubrics.read_text(), "[4c]", "[[4c.items"))
    write_notebooks(folder)

    assert check_offering(str(folder), BUNDLE).faults == ()
    code = "\n".join(cell.source for cell in make_solved(read_master(folder)).cells)
    assert "tarantula" not in code
    for kept in ("class StepImage", "def show_images", "def generate_adversarial_example"):
        assert code.count(kept) == 1
    assert code.index("original_image =") < code.index("[original_image, attacked_image_tigercat]")
    assert code.index("class StepImage") < code.index("step = StepImage(")


def test_courses_of_any_number_are_taken(made: Path) -> None:
    assert load_assignment(str(made)).courses == ("6.8300", "6.8301")
    assert parse_course("6.8301", load_assignment(str(made))) == "6.8301"
    assert load_assignment(str(made)).part("1b").required_for == ("6.8301",)


def test_a_changed_target_changes_every_text(folder: Path) -> None:
    change(folder, ("target = 282", f"target = {ZEBRA}"))
    write_notebooks(folder)

    found = check_offering(str(folder), BUNDLE)
    assert found.faults == ()
    (lacking,) = found.lacking
    assert "the reference was never run with these settings (class 340, 200 steps" in lacking
    part = load_assignment(str(folder)).part("4b")
    assert part.title == "Attack: zebra"
    assert "*zebra* (class 340)" in part.question
    release = (folder / "release.ipynb").read_text()
    assert "### 4(b) Attack 2: zebra" in release
    assert "attack 2: tiger cat" not in release


def test_a_question_that_names_last_years_target_is_told(folder: Path) -> None:
    change(
        folder,
        ("target = 282", f"target = {ZEBRA}"),
        ("*<< target_name >>* (class << target >>). Show", "*tiger cat* (class 282). Show"),
        ("\"Attack: << target_name >>\"\nquestion = '''\nDo", "\"Attack 2\"\nquestion = '''\nDo"),
    )
    write_notebooks(folder)
    said = check_offering(str(folder), BUNDLE).faults
    assert len(said) == 2
    assert "expected a title or a question that names its target, zebra (class 340)" in said[0]
    assert "expected class 340, its experiment's target, found class 282" in said[1]


def test_a_master_that_aims_elsewhere_than_the_file_is_told(folder: Path) -> None:
    change(folder, ("batch_tensor, << target >>", "batch_tensor, 5"), name="master.ipynb")
    write_notebooks(folder)
    (fault,) = check_offering(str(folder), BUNDLE).faults
    assert re.search(r"experiments\.4a\.target: expected a cell .* toward class 76", fault)


def test_a_text_that_names_no_fact_is_told(folder: Path) -> None:
    change(folder, ("class << target >>)", "class << targt >>)"))
    with pytest.raises(ConfigError, match=r"parts\[10\]\.question.*'targt' is undefined"):
        load_assignment(str(folder))
    (fault,) = check_offering(str(folder), BUNDLE).faults
    assert re.match(r"fall30/assignment\.toml:\d+: parts\[10\]\.question: expected a text", fault)


def test_a_name_that_is_taken_and_a_folder_that_is_full_are_refused(made: Path) -> None:
    wanted = NewOffering(name="pset4_sp21", source="pset4_sp21", folder=made)
    with pytest.raises(ConfigError, match=r"none of pset4_sp21, pset4_sp22, found 'pset4_sp21'"):
        make_offering(wanted)
    with pytest.raises(ConfigError, match=r"fall30: expected no such folder, or an empty one"):
        make_offering(NewOffering(name="fall31", source="pset4_sp21", folder=made))
    with pytest.raises(
        ConfigError, match=r"courses: expected 2, one for each of 6\.819, 6\.869.*`required_for`"
    ):
        make_offering(
            NewOffering(
                name="fall31", source="pset4_sp21", folder=made / "new", courses=("6.8300",)
            )
        )
    assert not (made / "new").exists()


@pytest.mark.parametrize("text", ["31 March 2030", "2030-03-31", "2030-03-31T23:59Z", "soon"])
def test_a_deadline_that_is_none_is_told_with_an_example(
    text: str, made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made / "later"
    assert main(["offering", "new", "fall31", "--deadline", text, "--into", str(folder)]) == 2
    expected = f"--deadline: expected a local time such as 2031-10-10T23:59, found {text!r}"
    assert expected in capsys.readouterr().err
    assert not folder.exists()


def test_a_folder_of_offerings_is_known_by_its_names(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = Path("results")
    with pytest.raises(ConfigError, match=f"once and for all: {SEARCH_PATH}=FOLDER_OF_OFFERINGS"):
        recorded_offering("fall30", results)
    monkeypatch.setenv(SEARCH_PATH, str(made.parent))
    assert recorded_offering("fall30", results) == "fall30"
    assert load_assignment("fall30").name == "fall30"
    with pytest.raises(ConfigError, match="say where its folder is"):
        recorded_offering(f"../{made.parent.name}/fall30", results)


def test_an_offering_that_is_like_another_shares_its_master(tmp_path: Path) -> None:
    shutil.copytree(OFFERINGS / "pset4_sp22", tmp_path / "fall31")
    change(tmp_path / "fall31", ('name = "pset4_sp22"', 'name = "fall31"'))
    assert not (tmp_path / "fall31" / "master.ipynb").exists()

    write_notebooks(tmp_path / "fall31")
    assert check_offering(str(tmp_path / "fall31"), BUNDLE).faults == ()
    change(tmp_path / "fall31", ('like = "pset4_sp21"', 'like = "pset9"'))
    (fault,) = check_offering(str(tmp_path / "fall31"), BUNDLE).faults
    assert re.search(r"like: expected the name or the folder of an offering .* 'pset9'", fault)


def test_a_solved_notebook_that_falls_short_is_told_by_part_and_check() -> None:
    assignment = load_assignment()
    right = factories.finding("conv_forward", Outcome.PASS, credit=1.0)
    partly = factories.finding("pool_forward", Outcome.PARTIAL, credit=0.8)
    read = factories.finding("prose", Outcome.NEEDS_HUMAN)
    assert list(short_of({"1a": (right,), "3c": (read,)}, assignment)) == []
    (fault,) = short_of({"1a": (right,), "1b": (partly,)}, assignment)
    assert "part 1b: pool_forward: expected 'Passed' with all of its points" in fault
    assert "found 'Partly correct' with 80%" in fault
    (unread,) = short_of({"3c": (replace(read, outcome=Outcome.GRADER_FAULT),)}, assignment)
    assert "part 3c: prose: expected 'Needs grading'" in unread

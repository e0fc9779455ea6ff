"""The master in nbgrader's and in Otter's form; `python -m tests.nbgrader` tries it with both."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from grader.app.main import main
from grader.model.assignment_record import Assignment
from grader.offering.nbgrader_form import CONFIG, SETTINGS, nbgrader_master
from grader.offering.notebooks import BEGIN, END, STUB, make_release, make_solved
from grader.offering.otter_form import otter_master
from grader.offering.platform_files import master_of
from reference.errors import ConfigError

Forms = dict[str, tuple[Assignment, NotebookNode, NotebookNode, NotebookNode]]


@pytest.fixture(scope="module")
def forms() -> Forms:
    """By offering: its facts, its master, and the master in nbgrader's and in Otter's form."""
    made = {}
    for name in ("pset4_sp21", "pset4_sp22"):
        assignment, master = master_of(name)
        course = assignment.courses[-1]
        made[name] = (
            assignment,
            master,
            nbgrader_master(master, assignment, course),
            otter_master(master, assignment, course),
        )
    return made


OFFERINGS = pytest.mark.parametrize("offering", ["pset4_sp21", "pset4_sp22"])


def as_generate_assignment_does(cell: NotebookNode) -> str:
    """nbgrader: its stub in place of a solution, nothing in place of a mark scheme."""
    source = re.sub(
        rf"^( *){BEGIN}\n.*?{END}",
        lambda found: "\n".join(f"{found[1]}{line}" for line in STUB),
        cell.source,
        flags=re.MULTILINE | re.DOTALL,
    )
    return re.sub(r"\n### BEGIN MARK SCHEME\n.*?### END MARK SCHEME", "", source, flags=re.DOTALL)


def as_assign_does(notebook: NotebookNode) -> list[str]:
    """Otter: raw cells and solutions go, prompts stay."""
    sources, hidden = [], False
    for cell in notebook.cells:
        if cell.cell_type == "raw":
            hidden = cell.source == "# BEGIN SOLUTION" or (
                hidden and cell.source != "# END SOLUTION"
            )
        elif not hidden:
            source = re.sub(
                r"^ *# BEGIN SOLUTION NO PROMPT\n.*?# END SOLUTION\n",
                "",
                cell.source,
                flags=re.MULTILINE | re.DOTALL,
            )
            kept = [
                line for line in source.split("\n") if not re.search(r"(BEGIN|END) PROMPT$", line)
            ]
            sources.append("\n".join(kept))
    return sources


@OFFERINGS
def test_nbgrader_makes_our_release_of_it(forms: Forms, offering: str) -> None:
    _, master, made, _ = forms[offering]
    nbformat.validate(made)
    release = make_release(master)
    assert [as_generate_assignment_does(cell) for cell in made.cells] == [
        cell.source for cell in release.cells
    ]
    assert [cell.id for cell in made.cells] == [cell.id for cell in release.cells]
    assert made.metadata == release.metadata
    for cell, ours in zip(made.cells, release.cells, strict=True):
        others = {key: value for key, value in cell.metadata.items() if key != "nbgrader"}
        assert others == ours.metadata


@OFFERINGS
def test_the_metadata_keeps_nbgraders_rules(forms: Forms, offering: str) -> None:
    assignment, _, made, _ = forms[offering]
    marked = [cell for cell in made.cells if "nbgrader" in cell.metadata]
    ids = [cell.metadata.nbgrader.grade_id for cell in marked]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", one) for one in ids)
    for cell in marked:
        mark = cell.metadata.nbgrader
        assert (mark.schema_version, mark.cell_type) == (3, cell.cell_type)
        # A test cell would be graded in the student's kernel, a manual one be 0 where untouched.
        assert not mark.grade
        assert (mark.task, mark.solution) == (
            (True, False) if cell.cell_type == "markdown" else (False, True)
        )
        assert ("points" in mark) == mark.task
    assert {part.id for part in assignment.parts} <= set(ids)


@OFFERINGS
def test_points_are_those_of_the_offering(forms: Forms, offering: str) -> None:
    assignment, master, _, otter = forms[offering]
    for course in assignment.courses:
        made = nbgrader_master(master, assignment, course)
        points = [one.metadata.get("nbgrader", {}).get("points", 0.0) for one in made.cells]
        assert sum(points) == pytest.approx(assignment.max_total(course))
    told = re.findall(r'name: "(\w+)"\npoints: (\S+)', "\n".join(one.source for one in otter.cells))
    assert {part: float(points) for part, points in told} == {
        part.id: assignment.max_points(part.id, assignment.courses[-1]) for part in assignment.parts
    }


@OFFERINGS
def test_graders_see_model_answer_and_rubric_below_the_question(
    forms: Forms, offering: str
) -> None:
    assignment, master, made, _ = forms[offering]
    tasks = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in made.cells
        if cell.metadata.get("nbgrader", {}).get("task")
    }
    answers = {
        str(cell.metadata.pset4.part): cell.source
        for cell in make_solved(master).cells
        if cell.metadata.pset4.kind == "answer"
    }
    assert all(answer in tasks[part] for part, answer in answers.items())
    for rubric in assignment.rubrics:
        assert all(item.title in tasks[rubric.part_id] for item in rubric.items if not item.retired)


@OFFERINGS
def test_otter_makes_our_release_of_it(forms: Forms, offering: str) -> None:
    _, master, _, made = forms[offering]
    nbformat.validate(made)
    assert as_assign_does(made) == [cell.source for cell in make_release(master).cells]
    code = "\n".join(one.source for one in made.cells if one.cell_type == "code")
    compile(code, "master", "exec")
    answers = [one.source for one in made.cells if one.id.endswith("-answer")]
    assert len(answers) == sum(
        one.metadata.pset4.kind == "answer" for one in make_release(master).cells
    )


def test_a_course_gets_a_source_and_settings_and_loses_neither(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    course = tmp_path / "course"
    command = ["offering", "nbgrader", "pset4_sp22", "--into", str(course)]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "nbgrader generate_assignment pset4" in said
    assert "add these lines" not in said
    source = course / "source/pset4/pset4.ipynb"
    settings = course / CONFIG
    assert all(line in settings.read_text() for line in SETTINGS)

    settings.write_text("c = get_config()\nc.Execute.enabled=False  # ours\n")
    changed = source.read_text().replace("Problem Set", "PS")
    source.write_text(changed)
    assert main(command) == 2
    assert "found another; to write over it, add --replace" in capsys.readouterr().err
    assert source.read_text() == changed

    assert main([*command, "--replace"]) == 0
    said = capsys.readouterr().out
    assert f"add these lines: {'; '.join(SETTINGS[1:])}" in said
    assert source.read_text() != changed
    assert settings.read_text().endswith("# ours\n")


@pytest.mark.parametrize("form", ["nbgrader", "otter"])
def test_what_cannot_be_is_said_in_a_sentence(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["offering", form, "--into", str(tmp_path)]
    assert main([*command, "--course", "6.001"]) == 2
    assert "expected one of 6.819, 6.869, found '6.001'" in capsys.readouterr().err
    assert main([*command, "--name", "../pset4"]) == 2
    assert "--name: expected letters, digits" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_part_without_a_question_is_named() -> None:
    assignment, master = master_of("pset4_sp21")
    master.cells = [one for one in master.cells if one.metadata.id != "p4c-question"]
    with pytest.raises(ConfigError, match="part 4c: expected a text cell with its question"):
        nbgrader_master(master, assignment, assignment.courses[0])

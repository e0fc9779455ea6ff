"""The release and the solved notebook: what the master makes of them, and that both are current."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import numpy as np
import pytest
from nbformat import NotebookNode, v4

from grader.offering.notebooks import (
    NOTEBOOK_DIR,
    folders_with_master,
    make_release,
    make_solved,
    notebook_texts,
    read_master,
    to_text,
    write_notebooks,
)
from reference.errors import ConfigError

LAYER_CELLS = ("p1a-conv-fwd", "p1b-pool-fwd", "p3ab-conv-bw", "p3d-pool-bw-")
ANSWERS = ("1a", "1b", "2a", "2b", "2c", "3a", "3b", "3c", "3d", "3e", "4c", "4d", "4e")
CONTRACT_NAMES = {
    "imagenet_classes",
    "imagenet_classes_short",
    "model",
    "img",
    "normalize",
    "prepare_image",
    "UnNormalize",
    "unnormalize",
    "obtain_image",
    "plot_top_classes",
    "output2prob",
    "generate_adversarial_example",
    "StepImage",
    "step",
    "starting_image",
    "initial_image",
    "batch_tensor",
    "attacked_image_tarantula",
    "model_layer",
    "download",
    "conv1d_forward",
    "conv1d_backward",
    "conv1d_update",
    "maxpool1d_forward",
    "maxpool1d_backward",
}


@pytest.fixture(scope="module")
def master() -> NotebookNode:
    return read_master()


@pytest.fixture(scope="module")
def solved(master: NotebookNode) -> NotebookNode:
    return make_solved(master)


@pytest.fixture(scope="module")
def release(master: NotebookNode) -> NotebookNode:
    return make_release(master)


def code_of(notebook: NotebookNode, *cell_ids: str) -> str:
    return "\n".join(
        cell.source
        for cell in notebook.cells
        if cell.cell_type == "code" and (not cell_ids or cell.id in cell_ids)
    )


def one_cell(source: str, cell_type: str = "code", **mark: Any) -> NotebookNode:
    make: Any = v4.new_code_cell if cell_type == "code" else v4.new_markdown_cell
    cell = make(source, metadata={"id": "abcdefghijkl", "pset4": {"part": "2c", **mark}})
    notebook: NotebookNode = v4.new_notebook(cells=[cell])  # type: ignore[no-untyped-call]
    return notebook


@pytest.mark.parametrize("folder", folders_with_master(), ids=lambda folder: folder.name)
def test_committed_notebooks_are_what_the_master_gives(folder: Path) -> None:
    for path, text in notebook_texts(folder).items():
        assert path.read_text(encoding="utf-8") == text, "run `make notebook`"


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("master.ipynb", "assignment.toml"):
        (tmp_path / name).write_bytes((NOTEBOOK_DIR / name).read_bytes())
    first = [path.read_bytes() for path in write_notebooks(tmp_path)]
    assert first == [path.read_bytes() for path in write_notebooks(tmp_path)]


def test_a_missing_master_is_named(tmp_path: Path) -> None:
    (tmp_path / "assignment.toml").write_bytes((NOTEBOOK_DIR / "assignment.toml").read_bytes())
    with pytest.raises(ConfigError, match=r"master\.ipynb: expected the master"):
        read_master(tmp_path)


def test_every_cell_has_one_stable_id_and_a_mark(master: NotebookNode) -> None:
    ids = [cell.id for cell in master.cells]
    assert ids == [cell.metadata.id for cell in master.cells]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{12}", cell_id) for cell_id in ids)
    kinds = {cell.metadata.pset4.kind for cell in master.cells}
    assert kinds == {"text", "question", "answer", "given", "todo", "run", "figure"}


def test_notebooks_are_valid_and_carry_no_outputs(
    release: NotebookNode, solved: NotebookNode
) -> None:
    for notebook in (release, solved):
        nbformat.validate(notebook)
        assert all(not cell.get("outputs") for cell in notebook.cells)


def test_release_gives_no_solution_away(master: NotebookNode, release: NotebookNode) -> None:
    text = to_text(release)
    assert "SOLUTION" not in text
    for cell in master.cells:
        for region in re.findall(r"### BEGIN SOLUTION\n(.*?)\s*### END", cell.source, re.DOTALL):
            assert region not in "\n".join(c.source for c in release.cells), cell.id


def test_release_keeps_three_todos_and_an_empty_answer_per_written_part(
    release: NotebookNode,
) -> None:
    code = code_of(release)
    assert re.findall(r"# TODO (\d)", code) == ["1", "2", "4"]
    answers = {
        c.metadata.pset4.part: c.source for c in release.cells if c.metadata.pset4.kind == "answer"
    }
    assert tuple(answers) == ANSWERS
    assert all(text.endswith("*Your answer here.*") for text in answers.values())


def test_solved_answers_every_written_part(solved: NotebookNode) -> None:
    answers = {
        c.metadata.pset4.part: c.source for c in solved.cells if c.metadata.pset4.kind == "answer"
    }
    assert tuple(answers) == ANSWERS
    assert all(len(text) > 150 and "SOLUTION" not in text for text in answers.values())


@pytest.mark.parametrize("name", ["release", "solved"])
def test_code_parses_and_defines_the_names_of_the_contract(
    name: str, request: pytest.FixtureRequest
) -> None:
    tree = ast.parse(code_of(request.getfixturevalue(name)))
    defined = {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    defined |= {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    assert defined.issuperset(CONTRACT_NAMES)


def test_solved_runs_4d_three_times_and_the_release_once(
    release: NotebookNode, solved: NotebookNode
) -> None:
    runs = [
        [c.source for c in nb.cells if c.metadata.pset4 == {"part": "4d", "kind": "run"}]
        for nb in (release, solved)
    ]
    assert [len(r) for r in runs] == [1, 3]
    assert len({re.findall(r"layer_id = (\d)", source)[0] for source in runs[1]}) == 3


def test_experiments_have_the_parameters_of_the_contract(solved: NotebookNode) -> None:
    code = code_of(solved)
    for call in (
        "step_size=0.05, is_normalized=True, renorm=False, norm_update='abs')",
        "generate_adversarial_example(model, batch_tensor, 76)",
        "StepImage(starting_image, step_size=3, renorm=True)",
        "generate_adversarial_example(model, batch_tensor, 282)",
        "step_size=0.05, renorm=False, norm_update='abs', is_normalized=False)",
        "StepImage(initial_image, step_size=2, renorm=True, is_normalized=False, eps=30)",
    ):
        assert call in code


@pytest.mark.parametrize("k", [1, 2, 3, 4, 9])
def test_solved_layers_have_exact_gradients(solved: NotebookNode, k: int) -> None:
    ns: dict[str, Any] = {"np": np}
    exec(code_of(solved, *LAYER_CELLS), ns)  # noqa: S102
    layers = SimpleNamespace(**ns)
    rng = np.random.default_rng(k)
    x, w, g = rng.permutation(9) / 9.0, rng.normal(size=k), rng.normal(size=9)
    grad_x, grad_w = layers.conv1d_backward(x, w, g)
    rows_x = [layers.conv1d_forward(e, w) @ g for e in np.eye(9)]
    rows_w = [layers.conv1d_forward(x, e) @ g for e in np.eye(k)]
    np.testing.assert_allclose(grad_x, rows_x, rtol=0, atol=1e-12)
    np.testing.assert_allclose(grad_w, rows_w, rtol=0, atol=1e-12)
    np.testing.assert_allclose(layers.conv1d_update(w, grad_w, 0.5), w - 0.5 * grad_w)
    top = layers.maxpool1d_forward(x, k)
    assert top.tolist() == [x[i : i + k].max() for i in range(10 - k)]
    grad = layers.maxpool1d_backward(x, k, np.arange(1.0, 11 - k))
    won = [np.arange(1.0, 11 - k)[top == value].sum() for value in x]
    assert grad.tolist() == won


@pytest.mark.parametrize(
    "source",
    ["### END SOLUTION", "### BEGIN SOLUTION\nx = 1", "### BEGIN SOLUTION\n### BEGIN SOLUTION"],
    ids=["only end", "only begin", "two begins"],
)
def test_unpaired_marks_name_the_cell(source: str) -> None:
    with pytest.raises(ConfigError, match=r"cell abcdefghijkl: ### (BEGIN|END) SOLUTION without"):
        make_release(one_cell(source))


def test_stub_takes_the_indent_of_the_solution() -> None:
    made = make_release(
        one_cell("def f():\n    ### BEGIN SOLUTION\n\n    return 1\n    ### END SOLUTION")
    )
    assert made.cells[0].source == "def f():\n    # YOUR CODE HERE\n    raise NotImplementedError()"


def test_own_stub_and_solved_only_are_obeyed_and_dropped() -> None:
    source = "### BEGIN SOLUTION\na = 1\n### END SOLUTION\nb = 2"
    notebook = one_cell(source, stub="a = 0")
    notebook.cells.append(one_cell("c = 3", solved_only=True).cells[0])
    release, solved = make_release(notebook), make_solved(notebook)
    assert [cell.source for cell in release.cells] == ["a = 0\nb = 2"]
    assert [cell.source for cell in solved.cells] == ["a = 1\nb = 2", "c = 3"]
    assert [cell.metadata.pset4 for cell in solved.cells] == [{"part": "2c"}] * 2
    assert notebook.cells[0].source == source

"""Cells of very many statements, or nested very deep, are run all the same; no kernel."""

from __future__ import annotations

import ast
import asyncio
import atexit
import contextlib
import io
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import cv2
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from grader.kernel import going_on, paths
from grader.kernel.absent import AbsentImports
from grader.kernel.going_on import MOST_STATEMENTS, GoingOn, as_a_whole
from grader.kernel.recorder import HOOK, BindHooks


def test_many_statements_made_one_do_the_same_and_the_last_is_shown() -> None:
    source = "found = []\n" + "found.append(len(found))\n" * 50 + "found[-1]"
    first, last = as_a_whole(ast.parse(source).body)
    space: dict[str, Any] = {}
    exec(compile(ast.Module([first], []), "cell", "exec"), space)  # noqa: S102
    assert space["found"] == list(range(50))
    shown = eval(compile(ast.Expression(cast("ast.Expr", last).value), "cell", "eval"), space)  # noqa: S307
    assert shown == 49


def test_an_import_of_the_future_stays_where_it_may_stand() -> None:
    body = ast.parse("from __future__ import annotations\nx = 1\ny = 2").body
    assert as_a_whole(body) == body


def test_a_cell_of_400_000_statements_is_not_run_one_by_one() -> None:
    runs: list[int] = []

    async def run_ast_nodes(nodelist: list[ast.stmt], *_: Any, **__: Any) -> bool:
        runs.append(len(nodelist))
        return False

    going = GoingOn(cast("Any", None), SimpleNamespace(), frozenset(), frozenset())
    going._run_plainly = run_ast_nodes
    statement = ast.parse("x = 1").body
    assert not asyncio.run(going._run(statement * 400_000, "cell"))
    assert not asyncio.run(going._run(statement * 3, "cell"))
    assert runs == [2, 1, 1, 1]
    assert MOST_STATEMENTS >= 1000


def test_a_deep_expression_keeps_neither_hooks_nor_imports_from_the_cell() -> None:
    """IPython takes a transformer away for good that raises; and a node without a place fails."""
    tree = ast.parse("a = 1\nb = " + " + ".join(["1"] * 950) + "\nc = b")
    for transformer in (AbsentImports(), BindHooks()):
        tree = transformer.visit(tree)
    looks: list[bool] = []
    space: dict[str, Any] = {HOOK: looks.append}
    exec(compile(tree, "cell", "exec"), space)  # noqa: S102
    assert (space["c"], len(looks)) == (950, 2)


class Notebook:
    """A shell of its own whose cells go on, and what was told of them."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        config = Config({"HistoryManager": {"enabled": False}})
        self.shell: Any = InteractiveShell(config=config)  # type: ignore[no-untyped-call]
        atexit.unregister(self.shell.atexit_operations)
        channel = cast(
            "Any", SimpleNamespace(send=lambda kind, body: self.told.append((kind, body)))
        )
        going_on.install(
            channel, self.shell, ended_well=[], bound=["np", "torch", "x", "conv", "f"]
        )

    def run(self, source: str) -> tuple[list[tuple[str, str]], list[str], bool]:
        """(Reason, names) of what was left out, names that the cell leans on, whether it ended."""
        self.told.clear()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            done = self.shell.run_cell(source, store_history=True)
        left = [(b["reason"], " ".join(b["names"])) for k, b in self.told if k == "left-out"]
        leans = [one["name"] for k, b in self.told if k == "leans" for one in b["names"]]
        return left, leans, not done.success


@pytest.fixture
def notebook() -> Iterator[Notebook]:
    yield Notebook()
    going_on._under_way.clear()


def test_names_of_a_star_import_that_is_not_here_are_no_fault_of_the_notebook(
    notebook: Notebook,
) -> None:
    left, leans, ended = notebook.run("from nobody_has_this import *\nset_figsize((3, 3))\nx = 1")
    assert (left, leans, ended) == ([("module", ""), ("follows", "")], ["set_figsize"], False)
    assert notebook.shell.user_ns["x"] == 1
    assert notebook.run("def conv(a):\n    return correlate(a, x)")[1:] == (["correlate"], False)
    left, leans, _ = notebook.run("y = untar_data(len('a'))\nz = y + 1")
    assert (left, leans) == ([("follows", "y"), ("follows", "z")], ["untar_data", "y"])
    assert notebook.run("x = 1 / 0") == ([], [], True)


def test_a_name_that_nobody_binds_is_the_notebooks_fault_without_a_star_import(
    notebook: Notebook,
) -> None:
    assert notebook.run("set_figsize((3, 3))\nx = 1") == ([], [], True)
    assert "x" not in notebook.shell.user_ns


@pytest.mark.filterwarnings("ignore:To exit")  # a shell of a terminal says so
def test_a_version_or_a_variable_that_differs_leaves_the_statements_after_it(
    notebook: Notebook,
) -> None:
    left, _, ended = notebook.run(
        "import os, sys\nassert sys.version_info < (3, 8)\n"
        "in_colab = 'COLAB_GPU' in os.environ\nassert in_colab, 'run it in Colab'\n"
        "if not in_colab: sys.exit()\nn = int(os.environ['COLAB_GPU'])\nx = 1\ny = n + x"
    )
    assert left == [("machine", "")] * 3 + [("machine", "n"), ("follows", "y")]
    assert (notebook.shell.user_ns["x"], ended) == (1, False)
    assert notebook.run("def f(a):\n    return a\nassert f(x) == 2\nx = 3") == ([], [], True)


def test_a_camera_or_a_picture_that_is_not_there_is_a_difference_of_machines(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("imread", "imwrite", "VideoCapture"):
        monkeypatch.setattr(cv2, name, getattr(cv2, name))
    paths._install_cv2(paths.Places(".", lambda: None))
    notebook.run("import cv2")
    left, _, ended = notebook.run(
        "cap = cv2.VideoCapture(99)\nret, frame = cap.read()\nframe = cv2.resize(frame, (9, 9))\n"
        "if not cap.isOpened():\n    raise RuntimeError('no camera')\ncap.release()"
    )
    assert left == [("device", "cap"), ("follows", "frame"), ("follows", "cap")]
    assert not ended
    left, _, ended = notebook.run("y = cv2.cvtColor(cv2.imread('not-here.jpg'), 4)\nz = y.shape")
    assert (left, ended) == ([("file", "y"), ("follows", "z")], False)
    assert issubclass(cv2.VideoCapture, type(notebook.shell.user_ns["cap"]))

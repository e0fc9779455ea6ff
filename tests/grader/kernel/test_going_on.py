"""Cells of very many statements, or nested very deep, are run all the same; no kernel."""

from __future__ import annotations

import ast
import asyncio
from types import SimpleNamespace
from typing import Any, cast

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

"""Which names a statement binds, changes, and reads."""

from __future__ import annotations

import ast

import pytest

from grader.kernel.bindings import (
    binds_unknown,
    bound_names,
    changed_names,
    read_names,
    refilled_name,
)


def statement(source: str) -> ast.stmt:
    (node,) = ast.parse(source).body
    return node


@pytest.mark.parametrize(
    ("source", "bound"),
    [
        ("import a.b, c as d", {"a", "d"}),
        ("from a import b, c as d", {"b", "d"}),
        ("from a import *", set()),
        ("x, (y, *z) = v", {"x", "y", "z"}),
        ("if (n := 3) > x:\n    m = n", {"n", "m"}),
        ("for i in r:\n    last = i", {"i", "last"}),
        ("with open(p) as f:\n    t = f.read()", {"f", "t"}),
        ("try:\n    import q\nexcept E as e:\n    q = None", {"q", "e"}),
        ("def f(a):\n    b = a", {"f"}),
        ("class C:\n    d = 1", {"C"}),
        ("x[0] = 1", set()),
    ],
)
def test_names_that_a_statement_binds(source: str, bound: set[str]) -> None:
    assert bound_names(statement(source)) == bound


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("x = x + y", {"x", "y"}),
        ("def f(model, x):\n    out = model(x) + bias\n    return out", {"bias"}),
        ("for name, t in weights.items():\n    kept[name] = t", {"weights", "kept"}),
        ("rows = [f(r) for r in data]", {"f", "data"}),
        ("with open(p) as f:\n    t = f.read()", {"open", "p"}),
    ],
)
def test_names_that_a_statement_reads_before_it_gives_them_a_value(
    source: str, read: set[str]
) -> None:
    assert read_names(statement(source)) == read


def test_names_whose_values_a_statement_may_change() -> None:
    assert changed_names(statement("x[0].y = z.append(w(1))")) == {"x", "z"}
    assert changed_names(statement("model.fc.weight.data.fill_(0)")) == {"model"}


def test_a_network_that_is_filled_anew_is_another_one() -> None:
    assert refilled_name(statement("model.load_state_dict(state)")) == "model"
    assert refilled_name(statement("said = model.load_state_dict(state)")) == "model"
    assert refilled_name(statement("model.eval()")) == ""


@pytest.mark.parametrize(
    ("source", "unknown"),
    [
        ("from d2l.torch import *", True),
        ("exec(open('helpers.py').read())", True),
        ("get_ipython().run_line_magic('run', 'helpers.ipynb')", True),
        ("get_ipython().run_line_magic('matplotlib', 'inline')", False),
        ("from a import b", False),
        ("def f():\n    exec('x = 1')", False),
        ("f('run')", False),
    ],
)
def test_statements_that_bind_names_which_do_not_stand_in_them(source: str, unknown: bool) -> None:
    assert binds_unknown(statement(source)) is unknown

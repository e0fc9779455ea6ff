import ast
import time
import tracemalloc
from pathlib import Path

import pytest

import grader
from grader.checks.functions.softmax_calls import calls_in
from grader.model.notebook_code import (
    MOST_SYMBOLS,
    MOST_SYMBOLS_IN_ALL,
    names_bound,
    names_meant,
    parsed,
    within_limits,
)
from grader.reading.seeded import seeded_cells

CASES = {
    "function and class": ("def f(x):\n    y = 1\nclass C:\n    z = 2", {"f", "C"}),
    "assignments": ("a = b = 1\n(c, [d, e]) = 1, [2, 3]\nf: int = 3\ng += 1", set("abcdefg")),
    "imports": ("import numpy as np, os.path\nfrom torch import nn as n", {"np", "os", "n"}),
    "inside blocks": ("if x:\n    a = 1\nelse:\n    b = 2\nwith o():\n    c = 3", {"a", "b", "c"}),
    "magics are no obstacle": ("%matplotlib inline\n!wget x\nq = 1\n?print", {"q"}),
    "attributes and items bind nothing": ("a.b = 1\nc[0] = 2", set()),
    "no Python": ("def f(:", set()),
    "except": ("try:\n    import q\nexcept ImportError:\n    def f(): ...", {"q", "f"}),
    "match": ("match x:\n    case {'a': a, **rest}:\n        b = 1", {"a", "rest", "b"}),
    "walrus": ("print(f := 1, [g := i for i in y])", {"f", "g"}),
    "loops": ("for i, (j, k) in x:\n    pass\nasync for m in x:\n    pass", set("ijkm")),
    "with": ("with o() as (a, b):\n    pass", {"a", "b"}),
    "async and decorated": ("@d\nasync def f(): ...\n@d(1)\nclass C: ...", {"f", "C"}),
    "inside functions": ("def f():\n    global g\n    g = h = 1", {"f", "g"}),
    "timed": ("%%time\nf = 1", {"f"}),
    "timed and captured": ("%%time -n\n%%capture out\nf = 1", {"f"}),
    "a line magic in a cell magic": ("%%time\n%matplotlib inline\nf = 1", {"f"}),
    "another language": ("%%bash\nf=1", set()),
    "a file": ("%%writefile a.py\nf = 1", set()),
    "null byte": ("a = '\0'", set()),
}


@pytest.mark.parametrize(("source", "names"), CASES.values(), ids=CASES)
def test_names_bound(source: str, names: set[str]) -> None:
    assert names_bound(source) == names


def test_deep_nesting_is_no_traceback() -> None:
    assert names_bound("(" * 5000 + ")" * 5000) == frozenset()


@pytest.mark.parametrize(
    "source",
    [
        "-" * 50_000 + "1",
        "if a:\n    x = 1\n" + "elif b:\n    x = 2\n" * 3000,
        "!ls\n" * 5000 + "x = 1",
        "x = 1\n" * 100_000,
        "a\x0cb\x1cc",
        "print('\\d')\n\x0c!ls\\\n",
    ],
)
def test_what_takes_a_parser_long_binds_nothing_soon(source: str) -> None:
    started = time.perf_counter()
    assert names_bound(source) == frozenset()
    assert time.perf_counter() - started < 5


def test_a_warning_about_the_students_code_is_nobodys() -> None:
    assert names_bound("x = '\\d'") == {"x"}


def test_what_is_no_python_still_shows_what_it_means_to_bind() -> None:
    source = "x = 1\ndef f(a):\n    y = 2\n    loss = # Your code here."
    assert names_bound(source) == frozenset()
    assert names_meant(source) == {"x", "f"}


LONG = {
    "one line": "x=1;" * 40_000,
    "many lines": "x = 1\n" * 400_000,
    "a sum": "x = " + "+".join("1" * 20_000),
    "signs": "x = " + "-" * 100_000 + "1",
    "brackets": "x = " + "(" * 150 + ")" * 150,
    "nested": "x = " + "[" * 5_000 + "]" * 5_000,
    "a large number": "x = 0x" + "f" * 100_000,
    "a long text": "x = '" + "a" * 5_000_000 + "'",
    "f-strings": "x = f'" + "{y}" * 30_000 + "'",
    "f-strings in f-strings": "x = f'{y:{z:{w}}}'\n" * 2_000,
    "elif": "if a:\n    x = 1\n" + "elif b:\n    x = 2\n" * 900,
    "blocks": "".join(" " * n + "if a:\n" for n in range(99)) + " " * 99 + "x = 1",
    "comprehensions": "x = [" + "for a in b " * 3_000 + "]",
    "a string of operators": "x = " + "1 if 1 else " * 3_000 + "1",
    "calls": "x = a" + "()" * 5_000,
    "magics of one line": "%time x=1;" + "x=1;" * 4_000,
    "help at the end": "x=1;" * 4_000 + "\n?x",
}


@pytest.mark.parametrize("source", LONG.values(), ids=LONG)
def test_code_is_read_within_limits_on_size_depth_and_time(source: str) -> None:
    started = time.process_time()
    assert names_bound(source) <= {"x"}
    assert time.process_time() - started < 4
    calls_in([source])  # which follow the tree level by level
    assert seeded_cells([source]) == frozenset()


def test_the_largest_tree_takes_few_megabytes() -> None:
    tracemalloc.start()
    tree = parsed("x=1;" * (MOST_SYMBOLS // 4))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert tree is not None
    assert most < 30 * 2**20


def test_a_number_too_long_to_be_printed_hides_no_name() -> None:
    assert names_bound("x = 0x" + "f" * 10_000) == {"x"}


def test_a_name_behind_hundreds_of_others_is_seen() -> None:
    assert "n999" in names_bound("\n".join(f"n{n} = {n}" for n in range(1000)))


def test_what_a_notebook_has_beyond_the_limits_is_not_read() -> None:
    large = "x=1;" * (MOST_SYMBOLS // 4)
    assert parsed(large) is not None
    assert list(within_limits(["f = 1", large + "y", "g = 1"])) == [True, False, True]
    many = [large] * (MOST_SYMBOLS_IN_ALL // MOST_SYMBOLS)
    assert list(within_limits([*many, "f = 1", ""])) == [*(True for _ in many), False, True]


def test_the_students_code_is_parsed_in_one_place() -> None:
    ours = {
        "model/notebook_code.py",
        "checks/sentences.py",
        "outputs/schema/__init__.py",
        "planning/probes/questions.py",
    }
    root = Path(grader.__file__).parent
    found = set()
    for path in root.rglob("*.py"):
        name = str(path.relative_to(root))
        if not name.startswith(("kernel/", "testing/")):  # the student's process, and our tests
            calls = (n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call))
            found |= {name for call in calls if ast.unparse(call.func) == "ast.parse"}
    assert found == ours  # besides it: the grader's own sentences, records and questions

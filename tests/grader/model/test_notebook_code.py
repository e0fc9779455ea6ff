import time

import pytest

from grader.model.notebook_code import names_bound, names_meant

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

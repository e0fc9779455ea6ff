"""A function is found by whatever means the notebook binds its name; one kernel run for all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from grader.model.records import Evidence, Outcome, ProbeReply
from grader.planning.probes import Call, Question, probes_for
from tests.grader.execution.conftest import Run

pytestmark = pytest.mark.kernel

BODY = "    return np.asarray(x) * 2"
FILE = f"import numpy as np\ndef {{}}(x):\n{BODY}\n"
WAYS = {
    "timed": f"%%time\ndef timed(x):\n{BODY}",
    "captured": f"%%capture\ndef captured(x):\n{BODY}",
    "both": f"%%time\n%%capture\ndef both(x):\n{BODY}",
    "excepted": f"try:\n    import nosuch\nexcept ImportError:\n    def excepted(x):\n    {BODY}",
    "matched": "match (lambda x: np.asarray(x) * 2):\n    case matched:\n        pass",
    "walrus": "print((walrus := lambda x: np.asarray(x) * 2))",
    "by_globals": "globals()['by_globals'] = lambda x: np.asarray(x) * 2",
    "by_exec": f"exec('''{FILE.format('by_exec')}''')",
    "by_run": f"open('a.py', 'w').write('''{FILE.format('by_run')}''')\n%run a.py",
    "starred": f"open('b.py', 'w').write('''{FILE.format('starred')}''')\nfrom b import *",
    "written": f"%%writefile c.py\n{FILE.format('written')}",
    "(written)": "import c",
    "partial": "import functools\npartial = functools.partial(np.multiply, 2)",
    "a_callable": f"class C:\n    def __call__(self, x):\n    {BODY}\na_callable = C()",
    "in_class": f"class D:\n    @staticmethod\n    def in_class(x):\n    {BODY}",
    "in_object": f"class E:\n    def in_object(self, x):\n    {BODY}\ne = E()",
    "decorated": f"def deco(f):\n    return lambda x: f(x)\n@deco\ndef decorated(x):\n{BODY}",
    "asynchronous": f"async def asynchronous(x):\n{BODY}",
    "ufunc": "ufunc = np.frompyfunc(lambda v: v * 2.0, 1, 1)\nufunc = np.positive",
    "with_help_later": "def with_help_later(x):\n    return later(x)",
    "(with_help_later)": f"def later(x):\n{BODY}",
    "deleted": f"def deleted(x):\n{BODY}\n_ = deleted\ndel deleted",
    "given_away": f"def given_away(x):\n{BODY}",
    "(given_away)": "given_away = given_away([1.0])",
    "shadowed": "def shadowed(x):\n    return np.asarray(x) * max([1, 2])\nmax = 3",
    "raises_later": f"def raises_later(x):\n    1 / np.zeros(1)\n{BODY}\nnp.seterr(all='raise')",
    "twice": "def twice(x):\n    return x",
    "(twice)": "exec('def twice(x): return np.asarray(x) * 2')",
    "never": "if not True:\n    def never(x): ...",
    "failed": f"def failed(x):\n{BODY}\n1 / 0",
    "(magic)": "%nosuchmagic\nafter_magic = 1",
    "(surrogate)": "raise ValueError('half a pair \\ud800')",
    "(exit)": "exit()",
    "(os exit)": "import os\nos._exit(0)",
    "(kill)": "os.kill(os.getpid(), 9)",
    "(deep)": "def f(n):\n    return n * f(n - 1)\nimport sys\nsys.setrecursionlimit(3000)\nf(5)",
    "(alive)": "print('alive')",
    "(end)": (
        "import torch, os, warnings\ndel np\ntorch.set_grad_enabled(False)\n"
        "torch.set_default_dtype(torch.float64)\nwarnings.simplefilter('error')\n"
        "os.mkdir('elsewhere'); os.chdir('elsewhere')\nimport sys; sys.setrecursionlimit(200)"
    ),
    "unanswered": (
        "import sys\nfor module in [m for m in sys.modules if m.startswith('_pset4')]:\n"
        "    del sys.modules[module]\ndef unanswered(x): ..."
    ),
}
NAMES = [name for name in WAYS if not name.startswith("(")]
X = np.array([1.0, -2.0, 3.0])
UNKNOWN = {"never", "deleted"}
"""Names that no look between cells could see."""


@pytest.fixture(scope="module")
def found(run_cells: Run) -> tuple[Evidence, Path]:
    questions = [
        Question(function=n, calls=(Call(key="demo0", rows=((X,),)),), forms=("numpy",))
        for n in NAMES
    ]
    probes = probes_for(questions, {})
    evidence, folder, _ = run_cells("import numpy as np", *WAYS.values(), probes=probes)
    return evidence, folder


def reply(found: tuple[Evidence, Path], name: str) -> ProbeReply | None:
    return next((r for r in found[0].replies if r.probe_id == name), None)


@pytest.mark.parametrize("name", [n for n in NAMES if n not in {*UNKNOWN, "unanswered"}])
def test_a_function_is_found_however_it_was_bound(found: tuple[Evidence, Path], name: str) -> None:
    answer = reply(found, name)
    assert answer is not None
    assert {v.error_name for v in answer.values} == {""}, answer
    value = next(v for v in answer.values if v.name.startswith("demo0"))
    assert value.array is not None
    with np.load(found[1] / "evidence" / value.array.path) as arrays:
        output = arrays[value.array.member][0]
    assert np.array_equal(output, X if name == "ufunc" else 2 * X)


@pytest.mark.parametrize("name", sorted(UNKNOWN))
def test_what_is_never_there_is_not_asked(found: tuple[Evidence, Path], name: str) -> None:
    assert reply(found, name) is None


def test_an_exception_of_the_question_itself_waits_for_a_person(
    found: tuple[Evidence, Path],
) -> None:
    answer = reply(found, "unanswered")
    assert answer is not None
    assert answer.outcome is Outcome.NEEDS_HUMAN
    assert "KeyError" not in answer.message
    assert any("KeyError" in note.message for note in found[0].notes if not note.for_student)


def test_the_cell_that_bound_a_name_last_is_told(found: tuple[Evidence, Path]) -> None:
    places = {b.name: b.cell_index for b in found[0].bindings}
    cells = ["", *WAYS]
    assert cells[places["timed"]] == "timed"
    assert cells[places["written"]] == "(written)"
    assert cells[places["twice"]] == "(twice)"


def test_a_cells_state_is_that_of_its_reply(found: tuple[Evidence, Path]) -> None:
    cells = ["", *WAYS]
    runs = {cells[run.cell_index]: run for run in found[0].cells}
    assert runs["(magic)"].outcome is not Outcome.PASS
    assert runs["(magic)"].error_name == "UsageError"
    assert runs["(surrogate)"].outcome is Outcome.STUDENT_ERROR
    assert (runs["(surrogate)"].error_name, runs["(surrogate)"].error_message[:11]) == (
        "ValueError",
        "half a pair",
    )


def test_an_exit_ends_its_cell_and_not_the_run(found: tuple[Evidence, Path]) -> None:
    cells = ["", *WAYS]
    runs = {cells[run.cell_index]: run for run in found[0].cells}
    for name in ("(exit)", "(os exit)", "(kill)"):
        assert runs[name].error_name == "SystemExit", name
    assert runs["(alive)"].outcome is Outcome.PASS


def test_endless_recursion_is_soon_over(found: tuple[Evidence, Path]) -> None:
    cells = ["", *WAYS]
    runs = {cells[run.cell_index]: run for run in found[0].cells}
    assert runs["(deep)"].error_name == "RecursionError"
    assert runs["(deep)"].seconds < 15

"""Formula cells: read without guessing, evaluated within bounds, compared with every convention."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.checks import probes_of, run_checks
from grader.checks.findings import staff_text, student_text
from grader.checks.formulas.comparing import Compared, compare_conv, compare_pool
from grader.checks.formulas.notes import ANSWERS, MISREAD, fingerprint_of, formula_notes, layer_of
from grader.model.assignment import solved_notebook
from grader.model.formulas import reading
from grader.model.formulas.reading import formula_cells, read_formulas
from grader.model.formulas.tree import Misread
from grader.model.formulas.typesetting import typeset
from grader.planning.probes import conv_cases, pool_cases
from grader.testing import ArrayStore, ask
from reference import conv
from reference.convention import CONVENTIONS, DEFAULT_CONVENTION, Convention
from tests.grader.checks.support import ASSIGNMENT, SEED, Lab
from tests.lanes import examples

FORWARD = "out[n] = sum(j, 0, k-1, W[j] * x[n + j - (k-1)//2])"
PLACES = {
    "zero": "if(0 <= m < N, x[m*(0 <= m < N)], 0)",
    "edge": "x[max(0, min(N-1, m))]",
    "circular": "x[mod(m, N)]",
    "symmetric": "x[if(m < 0, -1 - m, if(m < N, m, 2*N - 1 - m))]",
    "reflect": "x[if(m < 0, -m, if(m < N, m, 2*(N-1) - m))]",
}


def compared(text: str, layer: str = "conv") -> Compared:
    definitions = read_formulas(text)
    if layer == "conv":
        return compare_conv(definitions, definitions[-1], conv_cases(1))
    return compare_pool(definitions, definitions[-1], pool_cases(1))


def fenced(*lines: str) -> str:
    return "\n".join(("**Answer to 1(a).**", "", "```formula", *lines, "```", "It is linear."))


def spelled_out(convention: Convention) -> str:
    center = "(k-1)//2" if convention.anchor == "left" else "k//2"
    place = (
        f"n + j - {center}" if convention.operation == "cross-correlation" else f"n - j + {center}"
    )
    return f"at[m] = {PLACES[convention.boundary]}\nout[n] = sum(j, 0, k-1, W[j] * at[{place}])"


@pytest.mark.parametrize("convention", CONVENTIONS, ids=lambda one: one.describe(2))
def test_each_convention_is_told_from_all_others(convention: Convention) -> None:
    assert compared(spelled_out(convention)).conventions == (convention,)


def test_a_formula_that_leaves_the_borders_to_the_text_agrees_with_each_of_them() -> None:
    found = compared(FORWARD)
    assert {one.boundary for one in found.conventions} == set(PLACES)
    assert {(one.operation, one.anchor) for one in found.conventions} == {
        ("cross-correlation", "left")
    }
    assert found.borders_open


@pytest.mark.parametrize(
    "text",
    [
        "dx[m] = sum(j, 0, k-1, W[j] * g[m - j + (k-1)//2])",
        "dW[j] = sum(i, 0, N-1, g[i] * x[i + j - (k-1)//2])",
        "W_new[j] = W[j] - eta * sum(i, 0, N-1, g[i] * x[i + j - (k-1)//2])",
        "p=(k-1)//2\ndw[j] = sum(i, 0, N-1, grad_out[i]*x_in[i+j-p])\nw_new[j] = w[j] - lr*dw[j]",
        "y[n] = sum(j, 1, k, w[j] * x[n + j - 1 - (k-1)//2])  # indices from 1",
    ],
)
def test_gradients_update_and_other_indices_are_known(text: str) -> None:
    assert DEFAULT_CONVENTION in compared(text).conventions


def test_indices_may_begin_at_1() -> None:
    assert compared("y[n] = sum(j, 1, k, w[j] * x[n + j - 1 - (k-1)//2])").base == 1
    assert compared(FORWARD).base == 0


@pytest.mark.parametrize(
    ("text", "layer", "right"),
    [
        ("W_new[j] = W[j] - eta * dW[j]", "conv", True),
        ("W_new[j] = W[j] + eta * dW[j]", "conv", False),
        ("out[n] = W[0] * x[n]", "conv", False),
        ("out[n] = max(j, 0, k-1, x[n+j])", "pool", True),
        ("out[n] = max(j, 0, k-1, 0 * k + max(0, x[n+j]))", "pool", False),
        ("a[i] = argmax(j, i, i+k-1, x[j])\ndx[m] = sum(i, 0, N-k, if(a[i] == m, g[i], 0))",
         "pool", True),
        ("dx[m] = sum(i, 0, N-k, if(x[m] == max(j, 0, k-1, x[i+j]), g[i], 0))", "pool", True),
        ("dx[m] = sum(i, 0, N-k, if(not i == m, g[i], 0))", "pool", False),
    ],
)  # fmt: skip
def test_right_and_wrong_formulas_are_told_apart(text: str, layer: str, right: bool) -> None:
    assert compared(text, layer).right is right


def test_a_one_sided_convolution_is_named() -> None:
    found = compared("out[n] = sum(j, 0, k-1, W[j] * x[n - j])")
    assert (found.right, found.causal) == (
        False,
        "convolution, out[n] reads x[n] and those before it",
    )


@pytest.mark.parametrize(
    ("text", "code", "values"),
    [
        ("out[n] = 2 x[n]", "formula.no_sign", {"line": 1, "column": 12, "found": "x"}),
        ("out[n] = x[n] +", "formula.unexpected", {"line": 1, "column": 16}),
        ("out[n] = x[n", "formula.unexpected", {}),
        ("p = 1\nout[n] = $x[n]$", "formula.unexpected", {"line": 2, "column": 10, "found": "$"}),
        ("out[n] = x(n)", "formula.round_brackets", {"name": "x"}),
        ("out[n] = x", "formula.needs_index", {"name": "x"}),
        ("out[n] = N[n]", "formula.no_index", {"name": "N"}),
        ("out[n] = q[n]", "formula.unknown", {"name": "q"}),
        ("out[n] = x[m]", "formula.unknown", {"name": "m"}),
        ("out[n] = softmax(x[n])", "formula.no_function", {"name": "softmax"}),
        ("out[n] = sum(0, k, x[n])", "formula.binds", {"name": "sum"}),
        ("out[n] = sum(2, 0, k, x[n])", "formula.binds", {"name": "sum"}),
        ("out[n] = if(n, 1)", "formula.arguments", {"name": "if", "count": 3}),
        ("out[n] = 1" + " + 1" * 600, "formula.long", {}),
        ("out[n] = " + "(" * 60 + "1" + ")" * 60, "formula.deep", {}),
        ("out[n] = " + "-" * 60 + "1", "formula.deep", {}),
        ("out[n] = " + "not " * 400 + "1", "formula.deep", {}),
        ("out[n] = sum(j, 0, 99999999, 1)", "formula.steps", {}),
        ("out[n] = sum(a,0,99,sum(b,0,99,sum(c,0,99,1)))", "formula.steps", {}),
        ("out[n] = 9^9^9", "formula.not_finite", {}),
        ("out[n] = 9^60.5", "formula.not_finite", {}),
        ("out[n] = x[n/2 + 1/3]", "formula.no_whole_number", {}),
        ("out[n] = x[n] / 0", "formula.divided_by_zero", {}),
        ("out[n] = max(j, 1, 0, x[n])", "formula.over_nothing", {"name": "max"}),
        ("out[n] = x[n + 999]", "formula.outside", {"name": "x"}),
    ],
)
def test_what_cannot_be_read_says_where_and_why(
    text: str, code: str, values: dict[str, object]
) -> None:
    with pytest.raises(Misread) as raised:
        compared(text)

    assert raised.value.code == code
    assert values.items() <= raised.value.values.items()


@settings(max_examples=examples(80), deadline=None)
@given(st.text("out[n]=xWgNk()+-*/%^<>0 19,\n#sumifmaxargj", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for source in (text, f"out[n] = {text}"):
        with suppress(Misread):
            definitions = read_formulas(source)
            assert all(map(typeset, definitions))
            if definitions[-1].index:
                compare_conv(definitions, definitions[-1], conv_cases(1)[:3])


def test_only_fenced_blocks_of_formulas_are_cells() -> None:
    answer = f"{fenced('a', 'b')}\n```python\nc\n```\n~~~ formula\nd\n~~~\n```formula\nnever closed"
    assert list(formula_cells(answer)) == ["a\nb\n", "d\n"]


def test_a_formula_is_set_as_latex_from_its_tree() -> None:
    (line,) = read_formulas("out[n] = sum(j, 0, k-1, W[j]*x[n-j+(k-1)//2]) - eta*(x[n]-1)^2")
    assert typeset(line) == (
        r"\mathrm{out}[n] = \sum_{j=0}^{k - 1} W[j] \, x[n - j + \lfloor \frac{k - 1}{2} \rfloor]"
        r" - \eta \, (x[n] - 1)^{2}"
    )


# -- beside the findings --------------------------------------------------------------------------


def forward(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    return conv.forward(x, w, DEFAULT_CONVENTION)


def flipped(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    return conv.forward(x, w, replace(DEFAULT_CONVENTION, operation="convolution"))


def told(
    lab: Lab, answer: str, code: Callable[..., object] | None = None
) -> tuple[list[str], str, str]:
    """Codes, what the student reads, and what staff read beside 1(a)."""
    store = ArrayStore()
    functions = {} if code is None else {"conv1d_forward": code}
    probes = [one for one in probes_of(ASSIGNMENT, SEED) if "conv1d_forward" in one.needs]
    replies = ask(functions, probes, store)
    context = lab.context(answers=(("1a", answer),), replies=replies, arrays=store)
    notes = formula_notes(context, "1a", "conv_forward")
    student, staff = (" ".join(map(words, notes)).strip() for words in (student_text, staff_text))
    return [note.code for note in notes], student, staff


def test_staff_read_whether_the_formula_agrees_with_the_students_code(lab: Lab) -> None:
    codes, student, staff = told(lab, fenced(FORWARD), forward)

    assert codes == ["formula.open", "formula.same_as_code"]
    assert student == ""
    assert staff == (
        "The formula for out is that of a cross-correlation, center at (k - 1) // 2 (indices from "
        "0); what stands beyond the ends of the signal is left to the text. It has the values of "
        "the student's own conv1d_forward."
    )
    assert told(lab, fenced(FORWARD), flipped)[0] == ["formula.open", "formula.differs_from_code"]
    assert told(lab, fenced(FORWARD))[0] == ["formula.open"]
    assert told(lab, fenced(spelled_out(DEFAULT_CONVENTION)))[0] == ["formula.convention"]


def test_students_read_what_could_not_be_read_and_that_it_costs_nothing(lab: Lab) -> None:
    codes, student, staff = told(lab, fenced("out[n] = 2 x[n]"))

    assert (codes, staff) == (["formula.not_read", "formula.no_sign"], "")
    assert "costs no points" in student
    assert student.endswith("Formula, line 1, column 12: expected a sign such as `*` before `x`.")
    assert told(lab, fenced("p = 1"))[0] == ["formula.no_answer"]
    assert told(lab, r"$out[n] = \sum_j W[j] x[n-j]$, as LaTeX")[0] == []
    assert told(lab, fenced("out[n] = 0"))[0] == ["formula.other"]


def test_a_formula_decides_nothing(lab: Lab) -> None:
    wrong = lab.context(answers=(("1a", fenced("out[n] = 0")),))
    none = lab.context(answers=(("1a", "It is linear."),))

    def facts(context: object) -> list[tuple[object, float]]:
        return [(one.outcome, one.credit) for one in run_checks(ASSIGNMENT, context)["1a"]]  # type: ignore[arg-type]

    assert facts(wrong) == facts(none)


def test_formulas_with_the_same_values_have_one_fingerprint() -> None:
    part = ASSIGNMENT.part("1a")
    same = (
        FORWARD,
        FORWARD.replace("n", "i"),
        "p=(k-1)//2\nout[n]=sum(m, 0-p, k-1-p, W[m+p]*x[n+m])",
    )
    marks = {fingerprint_of(part, fenced(text)) for text in same}

    assert len(marks) == 1
    assert marks != {""}
    assert fingerprint_of(part, fenced(FORWARD.replace("+ j -", "- j +"))) not in marks
    assert fingerprint_of(part, "no formula") == fingerprint_of(part, fenced("2 x")) == ""
    assert fingerprint_of(ASSIGNMENT.part("3c"), fenced(FORWARD)) == ""
    assert set(ANSWERS) == {"conv", "pool"}


def test_there_is_a_sentence_for_all_that_reading_refuses() -> None:
    source = Path(reading.__file__).read_text(encoding="utf-8")
    assert set(re.findall(r'"(formula\.\w+)"', source)) == MISREAD


def test_the_formula_cells_of_the_solved_notebook_are_right() -> None:
    solved = json.loads(solved_notebook(ASSIGNMENT.name).read_bytes())
    found = {}
    for cell in solved["cells"]:
        facts = cell["metadata"].get("pset4", {})
        if facts.get("kind") == "answer":
            for text in formula_cells("".join(cell["source"])):
                layer = layer_of(ASSIGNMENT.part(facts["part"]))
                lines = [one for one in read_formulas(text) if one.name in ANSWERS[layer]]
                for line in lines:
                    definitions = read_formulas(text)
                    made = (
                        compare_conv(definitions, line, conv_cases(1))
                        if layer == "conv"
                        else compare_pool(definitions, line, pool_cases(1))
                    )
                    found[facts["part"], line.name] = made.right

    assert found == dict.fromkeys(
        [("1a", "out"), ("1b", "out"), ("3b", "dx"), ("3b", "dW"), ("3b", "W_new"), ("3d", "dx")],
        True,
    )
    answers = [cell.source for cell in ASSIGNMENT.template if cell.role == "answer"]
    assert not any("formula" in text for text in answers)

"""The questions: inputs only, no name left behind, cases as promised."""

from __future__ import annotations

import ast

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.checks import probes_of
from grader.planning.probes import conv_cases, logits_cases, pool_cases, pool_step
from grader.testing import question_of
from reference.numgrad import smallest_gap
from tests.grader.checks.support import ASSIGNMENT


def test_a_question_binds_no_name_and_is_json() -> None:
    for probe in probes_of(ASSIGNMENT, 7):
        (statement,) = ast.parse(probe.source).body
        assert isinstance(statement, ast.Expr)
        question = question_of(probe.source)
        assert set(question) == {"probe", "forms", "watched", "calls"}
        assert question["probe"] == probe.probe_id
        for call in question["calls"]:
            assert set(call) == {"key", "function", "returns", "rows"}
            assert call["function"] in probe.needs


def test_other_seeds_ask_other_things() -> None:
    assert probes_of(ASSIGNMENT, 1) == probes_of(ASSIGNMENT, 1)
    for one, other in zip(probes_of(ASSIGNMENT, 1), probes_of(ASSIGNMENT, 2), strict=True):
        assert one.probe_id == other.probe_id
        assert one.source != other.source


@settings(max_examples=25)
@given(st.integers(0, 2**31))
def test_cases(seed: int) -> None:
    for case in conv_cases(seed):
        assert min(abs(w) for w in case.w) >= 0.3
        assert len(case.x) == len(case.grad_out)
    sizes = {(len(c.x), len(c.w)) for c in conv_cases(seed)}
    assert {k % 2 for _, k in sizes} == {0, 1}
    assert any(k == 1 < n for n, k in sizes)
    assert any(k == n > 1 for n, k in sizes)
    for pooled in pool_cases(seed):
        assert smallest_gap(pooled.x) > 2 * pool_step(pooled)
    logits = {c.key: c.logits for c in logits_cases(seed)}
    assert logits["single"].shape == (1, 1000)
    assert logits["batch"].shape == (3, 1000)
    assert float(np.abs(logits["large"]).min()) > 9e3

"""2(c): `output2prob` on hidden logits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_softmax, softmax

from grader.checks.blame import blame_of, blamed_for_name, why_missing
from grader.checks.context import CheckContext
from grader.checks.credit import PartialCredit, Share, shares_of
from grader.checks.declaration import Basis, Check, Reads, Rests
from grader.checks.findings import (
    Verdict,
    failed,
    how_ended,
    needs_human,
    not_attempted,
    partly,
    passed,
    say,
    student_error,
    where_to_look,
    without_credit,
)
from grader.checks.functions.examples import rows_text
from grader.checks.functions.replies import Answers, answers_of, reply_of
from grader.checks.functions.rounding import lost_digits
from grader.checks.functions.softmax_calls import calls_in
from grader.checks.plotted import shown_in
from grader.checks.stored_arrays import Array
from grader.checks.tolerance import TOLERANCES, Comparison, Tolerance, compare
from grader.model.records import Measurement, Outcome, Remark
from grader.planning.probes import Call, LogitsCase, Question, logits_cases, logits_demos
from reference.signals import Floats

FUNCTION = "output2prob"
ORDINARY = ("single", "confident")
EXTREME = ("large", "small")

Formula: TypeAlias = Callable[[Floats], Floats]

CREDIT = {
    "batch": PartialCredit(meaning="right for one row, wrong for several", default=0.5),
    "unstable": PartialCredit(
        meaning="right for ordinary logits, wrong for very large ones", default=0.75
    ),
    "in_place": PartialCredit(meaning="right values, but arguments are changed", default=0.8),
}


def asked(seed: int) -> tuple[Question, ...]:
    """Return the calls."""
    cases = (*logits_demos(), *logits_cases(seed))
    calls = tuple(Call(key=c.key, rows=((c.logits,),)) for c in cases)
    return (Question(function=FUNCTION, calls=calls, forms=("torch",), again=False),)


def check_output2prob(context: CheckContext, part_id: str) -> Verdict:
    """2(c), from logits to probabilities."""
    return _check(context, part_id)


def _check(context: CheckContext, part_id: str) -> Verdict:
    reply = reply_of(context, FUNCTION)
    if reply is None or (reply.outcome is Outcome.PASS and not reply.values):
        blamed = blamed_for_name(context, FUNCTION)
        if any(blame_of(context).unfinished(run) for run in blamed):
            return not_attempted(say("output2prob.stub"))
        if FUNCTION not in context.names_defined:
            undefined = say("output2prob.undefined")
            where = where_to_look(context, part_id)
            return needs_human(undefined).adding(*map(how_ended, blamed[:1]), where)
        return why_missing(context, part_id, "An answer of output2prob", FUNCTION)
    if reply.outcome is not Outcome.PASS:
        return without_credit(
            reply.outcome,
            say("function.no_answer", function=FUNCTION, reason=reply.message.rstrip(".")),
        )
    forms = answers_of(context, reply)
    keys = [case.key for case in (*logits_demos(), *logits_cases(context.seed))]
    if not forms or forms[0].lacks(keys):
        return needs_human(say("function.unreadable", function=FUNCTION, part=part_id))
    share = shares_of(context.assignment, "output2prob", CREDIT)
    if not _asks_for_batches(context, part_id):
        share = _of_one_row(share)
    verdict = _judge(forms[0], logits_cases(context.seed), share)
    verdict = _called(context, part_id, verdict)
    return replace(verdict, evidence_ids=(f"probe {reply.probe_id}",))


def _asks_for_batches(context: CheckContext, part_id: str) -> bool:
    """Whether the notebook that the student was given speaks of several rows, as the release does.

    The course's own form, whose cells have other ids, only ever has one row of ordinary logits.
    """
    matches = [m for m in context.alignment.matches if m.part_id == part_id]
    return not matches or any(m.how == "id" for m in matches)


def _of_one_row(share: Share) -> Share:
    """What is not asked for costs nothing; to overwrite the logits is wrong for one row too."""
    return lambda fault: share(fault) if fault == "in_place" else 1.0


def _called(context: CheckContext, part_id: str, verdict: Verdict) -> Verdict:
    """The part asks for the probability that the notebook states: a right function is not all."""
    if not verdict.credit:
        return verdict
    own = context.cells_of(part_id)
    shown = [one for one in shown_in(context, own) if one.are_probabilities]
    twice = sum(one.taken_twice for one in shown)
    if shown and not twice:
        return verdict
    calls = calls_in(c.code for c in context.submission.cells if c.index in own)
    if context.unread.intersection(own):
        found = needs_human(say("output2prob.unread_call"))
    elif not twice and not calls.twice:
        return verdict
    elif calls.once or twice < len(shown):
        found = needs_human(say("output2prob.called_on_probabilities"))
    else:
        found = failed(say("output2prob.twice_at_the_call"))
    return replace(found, measurements=verdict.measurements)


def _judge(answers: Answers, cases: tuple[LogitsCase, ...], share: Share) -> Verdict:
    if not answers.arrays:
        if any(name == "NotImplementedError" for name, _ in answers.errors.values()):
            return not_attempted(say("output2prob.stub"))
        if answers.errors:
            return student_error(say("output2prob.raises", error=answers.first_error()))
        found = next(iter(answers.unreadable.values()), "nothing")
        return failed(say("function.returned", function=FUNCTION, found=found))
    compared = {c.key: _compare(answers, c) for c in cases}
    right = {key for key, found in compared.items() if found.ok}
    verdict = _verdict(answers, cases, right, share)
    if verdict.outcome in {Outcome.FAIL, Outcome.PARTIAL}:
        tries = [(d.logits, answers.first(d.key)) for d in logits_demos()]
        verdict = verdict.adding(*_example(tries))
    sums = answers.first("single")
    total = float(np.sum(sums)) if sums is not None and np.isfinite(sums).all() else float("nan")
    rows = [_row(case, compared[case.key]) for case in cases]
    rows.append(
        Measurement(
            quantity="sum of the probabilities of one row",
            measured=f"{total:.6g}",
            expected="1",
            tolerance="",
            ok=bool(abs(total - 1) <= TOLERANCES["probability", "float32"].rtol),
        )
    )
    return replace(verdict, measurements=tuple(rows))


def _compare(answers: Answers, case: LogitsCase) -> Comparison:
    output = answers.first(case.key)
    kind = "probability_large" if case.key in EXTREME else "probability"
    return compare(
        np.empty(0) if output is None else output,
        softmax(case.logits.astype(np.float64), axis=1),
        TOLERANCES[kind, "float32"],
    )


def _example(tries: list[tuple[NDArray[np.float32], Array | None]]) -> tuple[Remark, ...]:
    """The first public case that is wrong, as a call that can be pasted into a cell."""
    tolerance = TOLERANCES["probability", "float32"]
    for logits, output in tries:
        wanted = softmax(logits.astype(np.float64), axis=1)
        if output is not None and not compare(output, wanted, tolerance).ok:
            call = f"{FUNCTION}(torch.tensor({rows_text(logits)}))"
            returned, expected = rows_text(output), rows_text(wanted)
            return (say("function.example", call=call, returned=returned, expected=expected),)
    return ()


def _verdict(
    answers: Answers, cases: tuple[LogitsCase, ...], right: set[str], share: Share
) -> Verdict:
    if right == {case.key for case in cases} and answers.changed_arguments:
        return partly(say("function.in_place", function=FUNCTION), share("in_place"))
    if right == {case.key for case in cases}:
        return passed(say("output2prob.right"))
    if all(key in right for key in ORDINARY):
        refused = answers.errors.get("batch", ("",))[0] == "AssertionError"
        if not all(key in right for key in EXTREME) and ("batch" in right or refused):
            return _worth(say("output2prob.unstable"), share("unstable"))
        if refused:  # nothing that it returns is wrong: a self-check, such as "they add up to one"
            return passed(say("output2prob.right_row", error=answers.error("batch")))
        worth = share("batch")
        return _worth(say("output2prob.batch", share=worth), worth)
    if any(case.key in answers.errors for case in cases):
        return failed(say("output2prob.raises", error=answers.first_error()))
    return failed(_explained_difference(answers, cases))


def _worth(found: Remark, share: float) -> Verdict:
    """Right for what the notebook asks where nothing is lost, and said with what it lacks."""
    if share >= 1:
        return passed(say("output2prob.right_here")).adding(found)
    return partly(found, share)


def _explained_difference(answers: Answers, cases: tuple[LogitsCase, ...]) -> Remark:
    judged = [(c, answers.first(c.key)) for c in cases if c.key not in EXTREME]
    there = [(c, y) for c, y in judged if y is not None]
    tolerance = TOLERANCES["probability", "float32"]
    for case, output in there:
        if output.squeeze().shape != case.logits.squeeze().shape:
            expected, found = str(case.logits.shape), str(output.shape)
            return say("output2prob.shape", expected=expected, found=found)
    if any(not np.isfinite(y).all() for _, y in there):
        return say("function.not_finite", what="result")
    for code, formula in _FAULTS:
        if all(_explained(y, formula(c.logits.astype(np.float64)), tolerance) for c, y in there):
            return say(code)
    if _one_hot(there):
        return say("output2prob.one_hot")
    if all(_sorted_right(c, y) for c, y in there):
        return say("output2prob.sorted")
    temperature = _temperature(there)
    if temperature is not None:
        return say("output2prob.temperature", factor=temperature)
    coarse = lost_digits(
        np.concatenate([np.ravel(y) for _, y in there]),
        np.concatenate([np.ravel(softmax(c.logits.astype(np.float64), axis=1)) for c, _ in there]),
        "result",
    )
    return coarse or say("output2prob.wrong")


def _explained(output: Array, wanted: Floats, tolerance: Tolerance) -> bool:
    """Whether a wrong formula gives this output; what it gives may be far above 1."""
    scale = max(1.0, float(np.abs(wanted).max()))
    return compare(output.astype(np.float64) / scale, wanted / scale, tolerance).ok


def _one_hot(there: list[tuple[LogitsCase, Array]]) -> bool:
    return all(
        np.array_equal(y.reshape(c.logits.shape).sum(axis=1), np.ones(len(c.logits)))
        and np.isin(y, (0, 1)).all()
        for c, y in there
    )


def _sorted_right(case: LogitsCase, output: Array) -> bool:
    wanted = np.sort(softmax(case.logits.astype(np.float64), axis=1), axis=1)
    found = np.sort(output.reshape(wanted.shape).astype(np.float64), axis=1)
    return compare(found, wanted, TOLERANCES["probability", "float32"]).ok


def _temperature(there: list[tuple[LogitsCase, Array]]) -> float | None:
    """A factor on the logits, if one explains everything."""
    case, output = there[0]
    values = output.reshape(-1).astype(np.float64)
    logits = case.logits.reshape(-1).astype(np.float64)
    if not (values > 0).all():
        return None
    high, low = int(np.argmax(logits)), int(np.argmin(logits))
    factor = float((np.log(values[high]) - np.log(values[low])) / (logits[high] - logits[low]))
    tolerance = TOLERANCES["probability_large", "float32"]
    fits = all(
        compare(y, softmax(factor * c.logits.astype(np.float64), axis=1), tolerance).ok
        for c, y in there
    )
    # A factor that is said to be 1 explains nothing: the sum below the fraction may be wrong.
    return factor if fits and round(factor, 2) != 1 else None


_FAULTS: tuple[tuple[str, Formula], ...] = (
    (
        "output2prob.wrong_axis",
        lambda z: softmax(z, axis=0),
    ),
    ("output2prob.logits", lambda z: z),
    ("output2prob.exponentials", np.exp),
    (
        "output2prob.shifted_exponentials",
        lambda z: np.exp(z - z.max(axis=1, keepdims=True)),
    ),
    ("output2prob.no_exponential", lambda z: z / z.sum(axis=1, keepdims=True)),
    ("output2prob.logarithm", lambda z: log_softmax(z, axis=1)),
    ("output2prob.sigmoid", expit),
    ("output2prob.sign", lambda z: softmax(-z, axis=1)),
    ("output2prob.twice", lambda z: softmax(softmax(z, axis=1), axis=1)),
    ("output2prob.percent", lambda z: 100 * softmax(z, axis=1)),
    (
        "output2prob.rectified",
        lambda z: softmax(np.maximum(z, 0), axis=1),
    ),
    (
        "output2prob.l2_norm",
        lambda z: np.exp(z) / np.linalg.norm(np.exp(z), axis=1, keepdims=True),
    ),
    (
        "output2prob.min_max",
        lambda z: (z - z.min()) / (z.max() - z.min()),
    ),
)


def _row(case: LogitsCase, found: Comparison) -> Measurement:
    words = {
        "single": "one row of logits",
        "confident": "one row with a clear winner",
        "batch": "a batch of three rows",
        "large": "logits near 1e4",
        "small": "logits near -1e4",
    }
    difference = f"differs by at most {found.max_abs_diff:.2g}"
    return Measurement(
        quantity=f"probabilities for {words[case.key]}",
        measured=difference if np.isfinite(found.max_abs_diff) else f"wrong {found.trouble}",
        expected="softmax in float64",
        tolerance=f"{found.allowed:.2g}",
        ok=found.ok,
    )


CHECKS = (
    Check(
        id="output2prob",
        judge=check_output2prob,
        reads=frozenset({Reads.REPLIES, Reads.PREDICTIONS}),
        rests=(
            Rests(
                on=Basis.PROBED, what="probabilities for hidden logits, against softmax in float64"
            ),
            Rests(on=Basis.CLAIMED, what="the values that `plot_top_classes` was given"),
            Rests(
                on=Basis.READ, what="where the notebook's code takes probabilities of probabilities"
            ),
        ),
        credit=CREDIT,
        probes=asked,
    ),
)

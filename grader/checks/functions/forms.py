"""Which form of arguments counts: NumPy arrays, as documented; others only where those are refused.

A function that is wrong for arrays is wrong, whatever it does for lists: `out = x[:]` copies a
list, and is a view of an array. One that is right for tensors or lists and never took an array is
for a person to decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from grader.checks.context import CheckContext
from grader.checks.findings import Verdict, failed, needs_human, say, without_credit
from grader.checks.functions.replies import (
    Answers,
    Judge,
    answers_of,
    in_report,
    never_worked,
    no_code,
    reply_of,
)
from grader.checks.tolerance import agrees
from grader.model.records import Outcome
from grader.planning.probes.questions import AGAIN, DOCUMENTED

_WORDS = {
    "numpy": "NumPy arrays",
    "torch": "PyTorch tensors",
    "torch32": "PyTorch tensors of float32",
    "list": "lists",
}
_NO_NUMBERS = frozenset({"nothing (None)", "text", "complex numbers"})
"""What is surely no answer. Other objects are for a person to look at."""

_GOOD = (Outcome.PASS, Outcome.PARTIAL, Outcome.NEEDS_HUMAN)


@dataclass(frozen=True, kw_only=True, eq=False)
class Counted:
    """The form that counts, and the verdict on it."""

    answers: Answers
    """What was returned for arguments of that form."""
    verdict: Verdict
    """Of the function."""


def counted(function: str, forms: Sequence[Answers], judge: Judge) -> Counted | None:
    """Return the form of arguments that counts; None where no call of any form returned."""
    documented = next((form for form in forms if form.form == DOCUMENTED), None)
    if documented is None:
        return None
    verdict = judge(documented) if documented.returned else None
    if verdict is not None and verdict.outcome is Outcome.PASS:
        return Counted(answers=documented, verdict=verdict)
    others = [form for form in forms if form is not documented and form.returned]
    judged = [Counted(answers=form, verdict=judge(form)) for form in others]
    refused = [
        one
        for one in judged
        if one.verdict.outcome in _GOOD
        and (verdict is None or one.verdict.rank() < verdict.rank())
        and _is_refused(documented, one.answers)
    ]
    if refused:
        best = min(refused, key=lambda one: one.verdict.rank())
        return replace(best, verdict=_held(function, documented, best))
    if verdict is None:
        best_wrong = min(judged, key=lambda one: one.verdict.rank(), default=None)
        return best_wrong and replace(best_wrong, verdict=_named(best_wrong))
    if verdict.outcome is Outcome.FAIL and documented.changed_arguments:
        verdict = _overwritten(function, verdict, judged)
    return Counted(answers=documented, verdict=verdict)


def _is_refused(documented: Answers, other: Answers) -> bool:
    """Whether arrays raised exceptions, and nothing was returned for them that is not right."""
    return bool(documented.errors) and all(
        name in other.arrays and agrees(array, other.arrays[name])
        for name, array in documented.arrays.items()
    )


def _held(function: str, documented: Answers, found: Counted) -> Verdict:
    held = say(
        "function.other_form",
        function=function,
        form=_WORDS[found.answers.form],
        error=documented.first_error(),
        verdict=found.verdict.message,
    )
    return replace(found.verdict, outcome=Outcome.NEEDS_HUMAN, credit=0.0, remarks=(held,))


def _named(found: Counted) -> Verdict:
    return found.verdict.adding(say("function.form", form=_WORDS[found.answers.form]))


def _overwritten(function: str, verdict: Verdict, judged: Iterable[Counted]) -> Verdict:
    """Arrays are overwritten while they are still read, where lists were copied."""
    right_for_lists = any(
        one.answers.form == "list" and one.verdict.outcome in _GOOD for one in judged
    )
    if not right_for_lists:
        return verdict.adding(say("function.changes_too", function=function))
    examples = [r for r in verdict.remarks if r.code.startswith("function.example")]
    return replace(verdict, remarks=(say("function.view", function=function), *examples))


def judge_layer(
    context: CheckContext, function: str, part_id: str, keys: Iterable[str], judge: Judge
) -> Verdict:
    """Judge a layer's function by what it does with arguments of the form that counts.

    Where there is no code for it, it is taken to be answered in the report.

    Args:
        context: Of the submission.
        function: Its name.
        part_id: The part in question.
        keys: Of all its calls: without an answer to each of them nothing is decided.
        judge: From the answers in one form to a verdict.
    """
    reply = reply_of(context, function, f"{function}_alone")
    if reply is None or (reply.outcome is Outcome.PASS and not reply.values):
        return no_code(context, function, part_id)
    evidence_ids = (f"probe {reply.probe_id}",)
    if reply.outcome is not Outcome.PASS:
        reason = say("function.no_answer", function=function, reason=reply.message.rstrip("."))
        return without_credit(reply.outcome, reason, evidence_ids=evidence_ids)
    forms = answers_of(context, reply)
    documented = next((form for form in forms if form.form == DOCUMENTED), None)
    if documented is None or documented.lacks((*keys, AGAIN)):
        unread = say("function.unreadable", function=function, part=part_id)
        return replace(needs_human(unread), evidence_ids=evidence_ids)
    names = {name for form in forms for name, _ in form.errors.values()}
    if not any(form.returned for form in forms):
        if names <= {"NotImplementedError"}:
            return in_report(context, part_id, say("report.stub", function=function))
        return replace(never_worked(function, forms), evidence_ids=evidence_ids)
    found = counted(function, forms, lambda answers: _judged(answers, function, judge))
    if found is None:
        raise AssertionError("some form returned, and every form that returned is judged")
    return replace(found.verdict, evidence_ids=evidence_ids)


def _judged(answers: Answers, function: str, judge: Judge) -> Verdict:
    if answers.arrays or answers.errors:
        verdict = judge(answers)
        complex_kinds = any("complex" in kind for kind in answers.kinds)
        return verdict.adding(say("function.complex")) if complex_kinds else verdict
    return _nothing_readable(answers, function)


def _nothing_readable(answers: Answers, function: str) -> Verdict:
    """Every call returned, and none of them numbers."""
    found = next(iter(answers.unreadable.values()))
    told = say("function.returned", function=function, found=found)
    if found.startswith("nothing") and answers.changed_arguments:
        return needs_human(say("function.only_in_place", function=function))
    return (
        failed(told)
        if found in _NO_NUMBERS
        else needs_human(told).adding(say("function.look_at_result"))
    )

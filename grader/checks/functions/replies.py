"""A probe's reply, form by form, and what is the matter where there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from grader.checks.blame import blamed_for_name
from grader.checks.context import RUN_ENDED, CheckContext, once_per_context
from grader.checks.findings import (
    Verdict,
    error_text,
    how_ended,
    needs_human,
    not_attempted,
    say,
    student_error,
    where_to_look,
    without_credit,
)
from grader.checks.stored_arrays import Array
from grader.checks.tolerance import agrees
from grader.model.records import Outcome, ProbeReply, ProbeValue, Remark
from grader.model.text import cell_label
from grader.planning.probes.questions import AGAIN, FIRST

OUTPUTS_DIFFER = "OutputsDiffer"
"""Error of a function whose outputs for inputs of one size have several shapes."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """What the function returned when its arguments came in one form."""

    form: str
    """`numpy`, `torch`, `torch32` or `list`."""
    arrays: dict[str, Array] = field(default_factory=dict)
    """`<key>/<place>` to the stack of outputs."""
    errors: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Key to class and text of the exception."""
    changed_arguments: frozenset[int] = frozenset()
    """Places of the arguments that some call changed."""

    def get(self, key: str, place: int = 0) -> Array | None:
        """Return the stack of outputs of one call."""
        return self.arrays.get(f"{key}/{place}")

    def first(self, key: str, place: int = 0) -> Array | None:
        """Return the output for a call's first row."""
        stack = self.get(key, place)
        return None if stack is None or stack.ndim == 0 or len(stack) == 0 else stack[0]

    def places(self, key: str) -> int:
        """Return how many results a call had."""
        return sum(1 for name in self.arrays if name.rsplit("/", 1)[0] == key)

    def first_error(self) -> str:
        """Return the first exception as text; empty where there was none."""
        return error_text(*next(iter(self.errors.values()), ("", "")))

    def raised(self) -> tuple[Remark, ...]:
        """Tell staff which calls raised an exception, where some did."""
        if not self.errors:
            return ()
        return (say("function.raised", calls=", ".join(self.errors), error=self.first_error()),)

    def repeats_itself(self) -> bool:
        """Whether the first call, repeated at the end, gave the same again at every place."""
        if any(name == OUTPUTS_DIFFER for name, _ in self.errors.values()):
            return False
        return all(
            _equal(self.first(AGAIN, place), self.first(FIRST, place))
            for place in range(max(self.places(FIRST), self.places(AGAIN)))
        )


def _equal(again: Array | None, first: Array | None) -> bool:
    if again is None or first is None:
        return again is first
    return agrees(again, first) or bool(np.array_equal(again, first, equal_nan=True))


@once_per_context
def answers_of(context: CheckContext, reply: ProbeReply) -> tuple[Answers, ...]:
    """Sort a reply by the form of the arguments; forms in which nothing came back stay out."""
    forms: dict[str, Answers] = {}
    changed: dict[str, frozenset[int]] = {}
    for value in reply.values:
        name, _, form_and_place = value.name.partition("@")
        form, _, place = form_and_place.partition("/")
        found = forms.setdefault(form, Answers(form=form))
        _take(context, found, f"{name}/{place}", value)
        changed[form] = changed.get(form, frozenset()) | set(value.changed_arguments)
    return tuple(
        Answers(form=f, arrays=a.arrays, errors=a.errors, changed_arguments=changed[f])
        for f, a in forms.items()
    )


def _take(context: CheckContext, found: Answers, name: str, value: ProbeValue) -> None:
    if value.array is None:
        found.errors[name.rsplit("/", 1)[0]] = (value.error_name, value.error_message)
    else:
        found.arrays[name] = context.arrays(value.array)


def reply_of(context: CheckContext, *probe_ids: str) -> ProbeReply | None:
    """Return the first reply that is there."""
    replies = {reply.probe_id: reply for reply in context.evidence.replies}
    return next((replies[p] for p in probe_ids if p in replies), None)


def judge_layer(
    context: CheckContext,
    function: str,
    part_id: str,
    judge: Callable[[Answers], Verdict],
) -> Verdict:
    """Judge a layer's function by the form of arguments in which it does best.

    Where there is no code for it, it is taken to be answered in the report.
    """
    reply = reply_of(context, function, f"{function}_alone")
    if reply is None or (reply.outcome is Outcome.PASS and not reply.values):
        return _no_code(context, function, part_id)
    if reply.outcome is not Outcome.PASS:
        return without_credit(
            reply.outcome,
            say("function.no_answer", function=function, reason=reply.message.rstrip(".")),
            evidence_ids=(f"probe {reply.probe_id}",),
        )
    forms = answers_of(context, reply)
    names = {name for form in forms for name, _ in form.errors.values()}
    if not any(form.arrays for form in forms):
        if names <= {"NotImplementedError"}:
            return in_report(context, part_id, say("report.stub", function=function))
        return _never_worked(function, part_id, forms)
    verdicts = [judge(form) for form in forms if form.arrays]
    best = min(verdicts, key=Verdict.rank)
    return _with_form(best, [f for f in forms if f.arrays][verdicts.index(best)], reply.probe_id)


def raises_for(function: str, size: str, answers: Answers) -> Remark:
    """Say that a function raises an exception for some sizes, and name one of them."""
    return say("function.raises_for", function=function, size=size, error=answers.first_error())


def in_report(context: CheckContext, part_id: str, reason: Remark) -> Verdict:
    """The answer is to be looked for in prose, by a person; `reason` tells staff why."""
    answer = context.answer(part_id)
    added_text = any(
        match.template_id == "" and context.submission.cells[match.cell_index].kind == "markdown"
        for match in context.alignment.matches
        if match.cell_index < len(context.submission.cells)
    )
    if not answer and not context.submission.report_path and not added_text:
        return not_attempted(say("report.nothing")).adding(reason)
    where = say("look.notebook") if answer else where_to_look(context, part_id)
    return needs_human(say("report.no_code")).adding(reason, where)


def _no_code(context: CheckContext, function: str, part_id: str) -> Verdict:
    """No reply at all: nothing defined, or the run never came to it."""
    if function not in context.names_defined:
        return in_report(context, part_id, say("report.undefined", function=function))
    blamed = blamed_for_name(context, function)
    if not blamed:
        return needs_human(say("function.not_asked", function=function))
    where = (cell_label(blamed[0].cell_index),)
    if blamed[0].outcome in RUN_ENDED:
        said, outcome = say("function.not_run", function=function), blamed[0].outcome
    else:
        said, outcome = say("function.undefined", function=function), Outcome.STUDENT_ERROR
    return without_credit(outcome, said, evidence_ids=where).adding(how_ended(blamed[0]))


def _never_worked(function: str, part_id: str, forms: tuple[Answers, ...]) -> Verdict:
    """Every call raised."""
    if not forms[0].errors:
        return needs_human(say("function.unreadable", function=function, part=part_id))
    return student_error(say("function.raises", function=function, error=forms[0].first_error()))


def _with_form(found: Verdict, answers: Answers, probe_id: str) -> Verdict:
    if answers.form != "numpy":
        found = found.adding(say("function.form", form=answers.form))
    return replace(found, evidence_ids=(f"probe {probe_id}",))

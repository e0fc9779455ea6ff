"""A probe's reply, form by form, and what is the matter where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
from grader.model.records import (
    UNREADABLE,
    Outcome,
    ProbeReply,
    ProbeValue,
    Remark,
)
from grader.model.text import cell_label
from grader.planning.probes.questions import AGAIN, FIRST
from grader.planning.untouched import written_elsewhere


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """What the function returned when its arguments came in one form."""

    form: str
    """`numpy`, `torch`, `torch32` or `list`."""
    arrays: dict[str, Array] = field(default_factory=dict)
    """`<key>/<place>` to the stack of outputs."""
    errors: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Key to class and text of the exception."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """`<key>/<place>` to what was returned there in place of numbers, in words."""
    kinds: frozenset[str] = frozenset()
    """Types of the outputs."""
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
        """Return how many results a call had, readable or not."""
        return sum(1 for name in (*self.arrays, *self.unreadable) if _key(name) == key)

    @property
    def returned(self) -> bool:
        """Whether some call returned, whatever it did."""
        return bool(self.arrays or self.unreadable)

    def lacks(self, keys: Iterable[str]) -> bool:
        """Whether nothing is known of one of these calls: neither results nor an exception."""
        known = {_key(name) for name in (*self.arrays, *self.unreadable)} | set(self.errors)
        return not set(keys) <= known

    def first_error(self) -> str:
        """Return the first exception as text; empty where there was none."""
        return error_text(*next(iter(self.errors.values()), ("", "")))

    def error(self, key: str) -> str:
        """Return the exception that a call raised as text; empty where it raised none."""
        return error_text(*self.errors[key]) if key in self.errors else ""

    def raised(self) -> tuple[Remark, ...]:
        """Tell staff which calls raised an exception, where some did."""
        if not self.errors:
            return ()
        return (say("function.raised", calls=", ".join(self.errors), error=self.first_error()),)

    def repeats_itself(self) -> bool:
        """Whether the first call, repeated at the end, gave the same again at every place.

        Not known is not so: where either answer is missing, this is false.
        """
        if FIRST in self.errors or AGAIN in self.errors:
            return FIRST in self.errors and AGAIN in self.errors
        places = max(self.places(FIRST), self.places(AGAIN))
        return places > 0 and all(self._repeated(place) for place in range(places))

    def _repeated(self, place: int) -> bool:
        first, again = f"{FIRST}/{place}", f"{AGAIN}/{place}"
        if first in self.unreadable or again in self.unreadable:
            return self.unreadable.get(first) == self.unreadable.get(again)
        return _equal(self.first(AGAIN, place), self.first(FIRST, place))


def _key(name: str) -> str:
    return name.rpartition("/")[0]


def _equal(again: Array | None, first: Array | None) -> bool:
    if again is None or first is None:
        return False
    return agrees(again, first) or bool(np.array_equal(again, first, equal_nan=True))


@once_per_context
def answers_of(context: CheckContext, reply: ProbeReply) -> tuple[Answers, ...]:
    """Sort a reply by the form of the arguments; forms in which nothing came back stay out."""
    forms: dict[str, Answers] = {}
    changed: dict[str, frozenset[int]] = {}
    kinds: dict[str, frozenset[str]] = {}
    for value in reply.values:
        name, _, form_and_place = value.name.partition("@")
        form, _, place = form_and_place.partition("/")
        found = forms.setdefault(form, Answers(form=form))
        _take(context, found, f"{name}/{place}", value)
        changed[form] = changed.get(form, frozenset()) | set(value.changed_arguments)
        kinds[form] = kinds.get(form, frozenset()) | {value.kind}
    return tuple(replace(a, kinds=kinds[f], changed_arguments=changed[f]) for f, a in forms.items())


def _take(context: CheckContext, found: Answers, name: str, value: ProbeValue) -> None:
    if value.array is not None:
        found.arrays[name] = context.arrays(value.array)
    elif value.error_name == UNREADABLE:
        found.unreadable[name] = value.error_message
    elif value.error_name:
        found.errors[_key(name)] = (value.error_name, value.error_message)


def reply_of(context: CheckContext, *probe_ids: str) -> ProbeReply | None:
    """Return the first reply that is there."""
    replies = {reply.probe_id: reply for reply in context.evidence.replies}
    return next((replies[p] for p in probe_ids if p in replies), None)


def no_result(
    function: str, sizes: Iterable[tuple[str, str]], answers: Answers, place: int = 0
) -> Remark | None:
    """Say for which size a call raised an exception or returned no numbers; None where none did.

    Args:
        function: Its name.
        sizes: (key, size in words) of the calls.
        answers: What came of them.
        place: Of its results.
    """
    for key, size in sizes:
        if key in answers.errors:
            error = answers.error(key)
            return say("function.raises_for", function=function, size=size, error=error)
        if f"{key}/{place}" in answers.unreadable:
            found = answers.unreadable[f"{key}/{place}"]
            return say("function.returned_for", function=function, size=size, found=found)
    return None


def in_report(context: CheckContext, part_id: str, reason: Remark) -> Verdict:
    """The answer is to be looked for in prose, by a person; `reason` tells staff why."""
    answer = context.answer(part_id)
    if not answer and not something_to_read(context):
        return not_attempted(say("report.nothing")).adding(reason)
    where = say("look.notebook") if answer else where_to_look(context, part_id)
    return needs_human(say("report.no_code")).adding(reason, where)


def something_to_read(context: CheckContext) -> bool:
    """Whether any part can be answered in words: in the report, the notebook, another document."""
    return context.submission.report_says_more or written_elsewhere(
        context.submission, context.alignment
    )


def no_code(context: CheckContext, function: str, part_id: str) -> Verdict:
    """No reply at all: nothing defined, or the run never came to it."""
    if function not in context.names_defined and context.unread:
        return needs_human(say("function.unread", function=function))
    blamed = blamed_for_name(context, function)
    if function not in context.names_defined:
        # A cell that is not valid Python binds nothing, and yet is the student's work.
        verdict = in_report(context, part_id, say("report.undefined", function=function))
        if not blamed:
            return verdict
        if verdict.outcome is not Outcome.NOT_ATTEMPTED:
            return verdict.adding(how_ended(blamed[0]))
    if not blamed:
        return needs_human(say("function.not_asked", function=function))
    where = (cell_label(blamed[0].cell_index),)
    if blamed[0].outcome in RUN_ENDED:
        said, outcome = say("function.not_run", function=function), blamed[0].outcome
    else:
        said, outcome = say("function.undefined", function=function), Outcome.STUDENT_ERROR
    return without_credit(outcome, said, evidence_ids=where).adding(how_ended(blamed[0]))


def never_worked(function: str, forms: tuple[Answers, ...]) -> Verdict:
    """Every call raised, in every form."""
    return student_error(say("function.raises", function=function, error=forms[0].first_error()))


Judge = Callable[[Answers], Verdict]
"""From the answers in one form to a verdict."""

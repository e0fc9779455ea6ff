"""When a probe is asked: where the plan says, once the kernel has found its names; else at the end.

The plan reads the code, the kernel sees what is bound. A probe is due while one of its names was
bound anew since it was asked last; it waits for the place that the plan has for it, unless that
is past.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from grader.execution.breaches import Breach
from grader.execution.notes import words
from grader.model.notebook_code import names_bound
from grader.model.records import Binding, Cell, Outcome, ProbeReply, ProbeSpec, RunPlan, RunProbe

_LACKING = re.compile(r"name '(\w+)' is not defined")
MOST_ASKED = 6
"""Times that one probe is asked in a run: a notebook may bind a name in each of its cells."""


@dataclass
class Asking:
    """Which probes are due in a run; told what is bound and what was asked."""

    plan: RunPlan
    """Where reading the code expects the names to be bound."""
    bound: dict[str, int] = field(default_factory=dict)
    """Names that the kernel has found so far, and the cell that bound each last."""
    _due: set[str] = field(default_factory=set)
    _times: dict[str, int] = field(default_factory=dict)
    _lacking: dict[str, frozenset[str]] = field(default_factory=dict)
    _ended: bool = False

    @property
    def probes(self) -> tuple[ProbeSpec, ...]:
        """Every question, those with a place in the plan first."""
        placed = (step.probe for step in self.plan.steps if isinstance(step, RunProbe))
        return (*placed, *self.plan.unplaced)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that a probe needs."""
        return tuple(dict.fromkeys(name for probe in self.probes for name in probe.needs))

    def found(self, names: Iterable[str], cell: Cell) -> None:
        """Take note of a cell's run, and of the names that the kernel found bound anew by it."""
        anew = set(names) & set(self.names)
        self.bound |= dict.fromkeys(anew, cell.index)
        self._due |= {p.probe_id for p in self.probes if anew & set(p.needs)}
        # A function may call another, or use a module, that a later cell binds.
        bound = names_bound(cell.code)
        self._due |= {probe for probe, lacking in self._lacking.items() if lacking & bound}

    def due(self, probe: ProbeSpec) -> bool:
        """Whether to ask a probe now."""
        ready = probe.probe_id in self._due and self.bound.keys() >= set(probe.needs)
        return ready and self._times.get(probe.probe_id, 0) < MOST_ASKED

    def asked(self, probe: ProbeSpec, reply: ProbeReply | None) -> None:
        """Take note that a probe was asked, and of the names that the function lacked."""
        self._due.discard(probe.probe_id)
        errors = () if reply is None else (v for v in reply.values if v.error_name == "NameError")
        named = (_LACKING.search(error.error_message) for error in errors)
        self._lacking[probe.probe_id] = frozenset(found[1] for found in named if found)
        self._times[probe.probe_id] = self._times.get(probe.probe_id, 0) + 1

    def after(self, number: int) -> tuple[ProbeSpec, ...]:
        """Return what to ask behind a step of the plan: due, and with no place later on."""
        later = {s.probe.probe_id for s in self.plan.steps[number + 1 :] if isinstance(s, RunProbe)}
        asked = [p for p in self.probes if p.probe_id not in later and self.due(p)]
        return tuple(p for p in asked if not self._better_asked(p))

    def last(self) -> tuple[ProbeSpec, ...]:
        """Return what to ask when all cells have run: due, or answered before all was there.

        Nothing when it is called again.
        """
        if self._ended:
            return ()
        self._ended = True
        asked = [p for p in self.probes if self.due(p) or self._lacking.get(p.probe_id)]
        return tuple(p for p in asked if not self._better_asked(p))

    def bindings(self) -> tuple[Binding, ...]:
        """Return what the notebook bound, for the evidence."""
        return tuple(Binding(name=name, cell_index=i) for name, i in sorted(self.bound.items()))

    def _better_asked(self, probe: ProbeSpec) -> bool:
        """Whether the probe that this one stands in for can be asked."""
        asked = {p.probe_id: p for p in self.probes}
        better = asked.get(probe.makeshift_for)
        return better is not None and self.bound.keys() >= set(better.needs)


def better(reply: ProbeReply | None, before: ProbeReply | None) -> bool:
    """Whether an answer is to take the place of one before: the question was asked once more."""
    if reply is None or before is None:
        return before is None
    return _errors(reply) < _errors(before)


def _errors(reply: ProbeReply) -> int:
    return sum(bool(value.error_name) for value in reply.values)


def no_reply(probe: ProbeSpec, breach: Breach | None, seconds: float) -> ProbeReply:
    """Return what is kept where no answer came, for whatever reason.

    The statement that asks is the grader's, so that an exception in it proves nothing about the
    student's function: a person looks.
    """
    known = breach is not None and (breach.fatal or breach.outcome is not Outcome.STUDENT_ERROR)
    return ProbeReply(
        probe_id=probe.probe_id,
        outcome=breach.outcome if breach and known else Outcome.NEEDS_HUMAN,
        values=(),
        message=breach.sentence if breach and known else words("no-reply"),
        seconds=seconds,
    )

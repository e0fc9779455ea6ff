"""Answers of functions in two forms of arguments, kept in memory to be changed and lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from unittest import mock

from grader.checks import probes_of
from grader.model.records import ProbeReply
from grader.planning.probes import questions
from grader.testing import ArrayStore, ask
from tests.grader.checks.support import ASSIGNMENT, SEED

FORMS = ("numpy", "torch32")
"""Forms of arguments that are asked for: one of each arithmetic, since two are enough here."""


class Memory(ArrayStore):
    """A reader of the evidence, and a place to put some."""

    def ask(self, functions: Mapping[str, Any], seed: int = SEED) -> tuple[ProbeReply, ...]:
        """Ask functions; keep their answers here."""
        with mock.patch.object(questions, "LAYER_FORMS", FORMS):
            return ask(functions, probes_of(ASSIGNMENT, seed), self)

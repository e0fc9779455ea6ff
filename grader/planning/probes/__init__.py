"""Questions to the student's functions, and the host's knowledge of what was asked.

A question holds inputs only. The cases are drawn from the seed by pure functions, so the checks
draw the very same ones again and compare on the host (design, decisions 1 and 4).
"""

from __future__ import annotations

from grader.planning.probes.cases import (
    ConvCase,
    PoolCase,
    UpdateCase,
    conv_cases,
    conv_demos,
    conv_rows,
    pool_cases,
    pool_demos,
    pool_rows,
    pool_step,
    tie_cases,
    tie_demos,
    tie_rows,
    update_cases,
    update_demos,
)
from grader.planning.probes.predictions import LogitsCase, logits_cases, logits_demos
from grader.planning.probes.questions import Call, Question, probes_for

__all__ = [
    "Call",
    "ConvCase",
    "LogitsCase",
    "PoolCase",
    "Question",
    "UpdateCase",
    "conv_cases",
    "conv_demos",
    "conv_rows",
    "logits_cases",
    "logits_demos",
    "pool_cases",
    "pool_demos",
    "pool_rows",
    "pool_step",
    "probes_for",
    "tie_cases",
    "tie_demos",
    "tie_rows",
    "update_cases",
    "update_demos",
]

"""What a formula cell says, beside the findings of its part. It decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

import numpy as np

from grader.checks.context import CheckContext, once_per_context
from grader.checks.findings import say
from grader.checks.formulas.comparing import (
    LONGEST,
    Compared,
    agrees_with,
    compare_conv,
    compare_pool,
)
from grader.checks.functions.replies import answers_of, reply_of
from grader.model.assignment import Part
from grader.model.formulas.reading import formula_cells, read_formulas
from grader.model.formulas.tree import Definition, Misread
from grader.model.records import Remark
from grader.planning.probes import conv_cases, pool_cases
from reference.convention import Convention
from reference.signals import Floats

LAYERS: Mapping[str, str] = {
    "conv_forward": "conv", "conv_grad_input": "conv", "conv_grad_kernel": "conv",
    "conv_update": "conv", "pool_forward": "pool", "pool_backward": "pool",
}  # fmt: skip
"""Check of a part to the layer that its formulas are about."""
ANSWERS: Mapping[str, tuple[str, ...]] = {
    "conv": ("out", "dx", "dW", "W_new"),
    "pool": ("out", "dx"),
}
"""What the formulas of a layer may answer."""
_CODE: Mapping[tuple[str, str], tuple[str, int]] = {
    ("conv", "out"): ("conv1d_forward", 0),
    ("conv", "dx"): ("conv1d_backward", 0),
    ("conv", "dW"): ("conv1d_backward", 1),
    ("pool", "out"): ("maxpool1d_forward", 0),
    ("pool", "dx"): ("maxpool1d_backward", 0),
}
"""(layer, formula) to the student's function that computes it, and its place in the result."""
MISREAD = frozenset(
    {
        "formula.arguments",
        "formula.binds",
        "formula.deep",
        "formula.long",
        "formula.needs_index",
        "formula.no_function",
        "formula.no_index",
        "formula.no_sign",
        "formula.round_brackets",
        "formula.unexpected",
        "formula.unknown",
    }
)
"""Sentences for what `grader.model.formulas.reading` refuses: it names them, and says nothing."""
MOST_CELLS = 3
"""Formula cells of an answer that are looked at, and formulas of a cell that are compared."""
_SEED = 0
"""Of the signals on which formulas of a class are grouped."""


def formula_notes(context: CheckContext, part_id: str, check_id: str) -> tuple[Remark, ...]:
    """Return what the formula cells of a part say; beside the first of its checks only."""
    part = context.assignment.part(part_id)
    layer = layer_of(part)
    if not layer or check_id != part.checks[0].id:
        return ()
    remarks: list[Remark] = []
    for cell in islice(formula_cells(context.answer(part_id)), MOST_CELLS):
        remarks += _cell(context, layer, cell)
    return tuple(remarks)


def fingerprint_of(part: Part, answer: str) -> str:
    """Return what the formulas of an answer compute: the same for the same values.

    Args:
        part: Which part.
        answer: Markdown of its answer cells.

    Returns:
        Empty where there is no formula cell, or one that cannot be read.
    """
    layer = layer_of(part)
    marks: list[str] = []
    try:
        for cell in islice(formula_cells(answer), MOST_CELLS) if layer else ():
            definitions = read_formulas(cell)
            marks += [
                _compared(layer, definitions, one, _SEED).fingerprint
                for one in _wanted(layer, definitions)
            ]
    except (Misread, RecursionError):
        return ""
    return " ".join(marks)


def layer_of(part: Part) -> str:
    """Return `conv` or `pool`, what the formulas of a part are about; empty for neither."""
    return next((LAYERS[check.id] for check in part.checks if check.id in LAYERS), "")


def _cell(context: CheckContext, layer: str, cell: str) -> list[Remark]:
    try:
        definitions = read_formulas(cell)
        wanted = _wanted(layer, definitions)
        if not wanted:
            return [say("formula.no_answer", names=", ".join(ANSWERS[layer]))]
        remarks = []
        for one in wanted:
            compared = _compared(layer, definitions, one, context.seed)
            remarks += [_verdict(compared), *_beside_code(context, layer, compared)]
    except Misread as misread:
        return [say("formula.not_read"), say(misread.code, **misread.values)]
    except RecursionError:
        return [say("formula.not_read")]
    return remarks


def _wanted(layer: str, definitions: Sequence[Definition]) -> list[Definition]:
    """The lines that answer the part; the last ones, for those before them are steps on the way."""
    answering = [one for one in definitions if one.index and one.name in ANSWERS[layer]]
    return answering[-MOST_CELLS:]


def _compared(
    layer: str, definitions: Sequence[Definition], target: Definition, seed: int
) -> Compared:
    if layer == "conv":
        return compare_conv(definitions, target, conv_cases(seed))
    return compare_pool(definitions, target, pool_cases(seed))


def _verdict(compared: Compared) -> Remark:
    name = compared.definition.written
    if compared.borders_open:
        inside = _inside(compared.conventions[0])
        return say("formula.open", name=name, convention=inside, base=compared.base)
    if compared.conventions:
        words = compared.conventions[0].describe(2)
        return say("formula.convention", name=name, convention=words, base=compared.base)
    if compared.right:
        return say("formula.right", name=name, base=compared.base)
    if compared.causal:
        return say("formula.one_sided", name=name, operation=compared.causal)
    return say("formula.other", name=name)


def _inside(convention: Convention) -> str:
    """The convention but for its boundary: `convolution, center at k // 2`."""
    words = convention.describe(2)
    return words[words.index(convention.operation) :]


# -- the student's own code -----------------------------------------------------------------------


def _beside_code(context: CheckContext, layer: str, compared: Compared) -> list[Remark]:
    """Whether the student's own function has the same values."""
    if (layer, compared.definition.name) not in _CODE:
        return []
    function, place = _CODE[layer, compared.definition.name]
    same = agrees_with(compared, _values_of(context, layer, function, place))
    if same is None:
        return []
    code = "formula.same_as_code" if same else "formula.differs_from_code"
    return [say(code, function=function)]


@once_per_context
def _values_of(
    context: CheckContext, layer: str, function: str, place: int
) -> tuple[Floats | None, ...]:
    """What the function returned for the signals on which formulas are evaluated."""
    reply = reply_of(context, function, f"{function}_alone")
    forms = answers_of(context, reply) if reply is not None else ()
    returned = next((form for form in forms if form.arrays), None)
    if returned is None:
        return ()
    drawn = conv_cases(context.seed) if layer == "conv" else pool_cases(context.seed)
    found = (returned.first(c.key, place) for c in drawn if len(c.x) <= LONGEST)
    return tuple(None if one is None else np.asarray(one, np.float64).reshape(-1) for one in found)

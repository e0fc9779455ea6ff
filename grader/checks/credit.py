"""Shares of a check's points for answers that are partly right.

The numbers stand in the assignment file, under `[credit.<check>]`; here is what they are for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from grader.model.assignment import Assignment
from reference.errors import ConfigError

Share: TypeAlias = Callable[[str], float]
"""From the name of a fault to the share of the points that is left, 0 to 1."""

_EVEN = "right for odd kernels, wrong for even ones: the padding is not general"
_IN_PLACE = "right values, but arguments are changed"
_SWAPPED = "both gradients right, but returned in the other order"
_BOUNDARY = "right in the interior, wrong at the ends"
_ATTACK: Mapping[str, str] = {
    "weak_gain": "the right direction, but only part of the way",
    "constraint": "works, but leaves the ball or the pixel box",
    "logit": "climbs the logit of the class alone",
    "margin": "climbs the margin to the next class",
    "untargeted": "only leads away from the true class",
}

SHARES: Mapping[str, Mapping[str, str]] = {
    "conv_forward": {"even_kernel": _EVEN, "in_place": _IN_PLACE},
    "conv_grad_input": {
        "even_kernel": _EVEN,
        "in_place": _IN_PLACE,
        "swapped": _SWAPPED,
        "boundary": _BOUNDARY,
    },
    "conv_grad_kernel": {"even_kernel": _EVEN, "in_place": _IN_PLACE, "swapped": _SWAPPED},
    "conv_update": {"in_place": "right values, but the gradient is changed"},
    "pool_forward": {"in_place": _IN_PLACE},
    "pool_backward": {"in_place": _IN_PLACE, "ties": "right except where maxima are equal"},
    "output2prob": {
        "batch": "right for one row, wrong for several",
        "unstable": "right for ordinary logits, wrong for very large ones",
    },
    "attack_tarantula": _ATTACK,
    "attack_tiger_cat": _ATTACK,
    "attack_robust": _ATTACK,
}
"""By check: every fault for which the assignment file has to name a share, and its meaning."""


def shares_of(assignment: Assignment, check_id: str) -> Share:
    """Return the assignment's shares for one check.

    Raises:
        ConfigError: when asked for a share that the file does not name; see `validate_credit`.
    """
    named = assignment.credit.get(check_id, {})

    def share(fault: str) -> float:
        if fault not in named:
            raise ConfigError(_missing(assignment.name, check_id, fault))
        return named[fault]

    return share


def validate_credit(assignment: Assignment) -> None:
    """Refuse an assignment whose shares are not those that its checks need.

    Raises:
        ConfigError: a share is missing, or one is named that no check of the assignment uses.
    """
    used = {check.id for part in assignment.parts for check in part.checks}
    for check_id, faults in SHARES.items():
        for fault in faults:
            if check_id in used and fault not in assignment.credit.get(check_id, {}):
                raise ConfigError(_missing(assignment.name, check_id, fault))
    for check_id, named in assignment.credit.items():
        for fault in named:
            if fault not in SHARES.get(check_id, {}):
                raise ConfigError(
                    f"{assignment.name}.toml: credit.{check_id}.{fault}: no check uses this share; "
                    "mind the spelling, or take it out"
                )


def _missing(name: str, check_id: str, fault: str) -> str:
    return (
        f"{name}.toml: credit.{check_id}.{fault}: expected a share from 0 to 1 "
        f"({SHARES[check_id][fault]}), found none; add it"
    )

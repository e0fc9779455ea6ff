"""All changes of form, and how they are composed."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import cast

from tests.accuracy.forms.bases import BASES
from tests.accuracy.forms.bindings import by_binding
from tests.accuracy.forms.cells import by_cells
from tests.accuracy.forms.form import Depth, Form
from tests.accuracy.forms.idioms import by_idiom
from tests.accuracy.forms.machines import by_machine
from tests.accuracy.forms.magics import by_magic
from tests.accuracy.forms.scratch import by_scratch
from tests.accuracy.forms.text import by_text
from tests.accuracy.forms.writing import by_writing

SEED = 15
"""Of the compositions."""
LARGEST = 7
"""Changes that are made at once, about."""
DEPTHS: tuple[Depth, ...] = ("short", "attacks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """A base, as much of it as is run, and the changes that are made one after the other."""

    base: str
    depth: Depth
    forms: tuple[Form, ...]

    @property
    def id(self) -> str:
        """Unique; empty changes are the base itself."""
        return ":".join((self.base, self.depth, "+".join(form.id for form in self.forms)))


@lru_cache(maxsize=1)
def all_forms() -> tuple[Form, ...]:
    """Return every change of form; ids are unique."""
    return (
        *by_magic(),
        *by_machine(),
        *by_binding(),
        *by_idiom(),
        *by_cells(),
        *by_writing(),
        *by_scratch(),
        *by_text(),
    )


def variation_of(variation_id: str) -> Variation:
    """Return the variation with this id."""
    base, depth, names = variation_id.split(":")
    by_id = {form.id: form for form in all_forms()}
    forms = tuple(by_id[name] for name in names.split("+") if name)
    return Variation(base=base, depth=cast("Depth", depth), forms=forms)


def unchanged() -> tuple[Variation, ...]:
    """Return the bases themselves, which the others are compared with."""
    return tuple(Variation(base=base, depth=depth, forms=()) for base in BASES for depth in DEPTHS)


def alone(variation: Variation) -> tuple[Variation, ...]:
    """Return the changes of a variation one by one."""
    return tuple(replace(variation, forms=(form,)) for form in variation.forms)


@lru_cache(maxsize=4)
def composed(pattern: str = "") -> tuple[Variation, ...]:
    """Return every change on every base and depth that it is meant for, several at a time.

    Of those whose id matches the pattern; others together for each base. No two changes of a
    composition are of one zone, for the second would find nothing left to change, or would hide
    what the first does.
    """
    return tuple(
        Variation(base=base, depth=depth, forms=forms)
        for base in BASES
        for depth in DEPTHS
        for forms in _groups(base, depth, pattern)
    )


def _groups(base: str, depth: Depth, pattern: str) -> list[tuple[Form, ...]]:
    """Put each form into the smallest group that has none of its zone."""
    chance = random.Random(f"{SEED} {base} {depth}")  # noqa: S311 -- a sample, no secret
    forms = [f for f in all_forms() if depth in f.depths and re.search(pattern, f.id)]
    chance.shuffle(forms)
    zones = Counter(zone for form in forms for zone in form.zones)
    count = max([-(-len(forms) // LARGEST), *zones.values()])
    groups: list[list[Form]] = [[] for _ in range(count)]
    for form in sorted(forms, key=lambda form: -max((zones[z] for z in form.zones), default=0)):
        fitting = [group for group in groups if fits(form, group)]
        min(fitting, key=len).append(form)
    return [in_order(group) for group in groups]


def fits(form: Form, chosen: Iterable[Form]) -> bool:
    """Whether a form touches nothing that the others do."""
    return all(not form.zones & other.zones for other in chosen)


def in_order(forms: Iterable[Form]) -> tuple[Form, ...]:
    """What changes the answers' cells comes first, then what is put beside them or around them."""
    return tuple(sorted(forms, key=_order))


def _order(form: Form) -> int:
    stages: tuple[tuple[str, ...], ...] = (
        ("layer cells",),
        _OTHERS,
        ("cells", "metadata"),
        ("set-up line", "line for another machine"),
        ("text of cells",),
        ("scratch cell", "self-test", "cell of magics", "state changed at the end"),
        ("magic over every cell",),
        ("file of the notebook", "files of the zip"),
    )
    found = (place for place, starts in enumerate(stages) if form.kind.startswith(starts))
    return next(found, stages.index(_OTHERS))


_OTHERS: tuple[str, ...] = ()
"""Stage of all other kinds."""

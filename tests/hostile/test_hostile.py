"""Hostile submissions of every kind that need no kernel, and one that is run in a cold kernel.

`test_warm.py` runs more of them; `make test-all` has each of those that need none, `make hostile`
all there are.
"""

from __future__ import annotations

import pytest

from authoring.hostile_samples import HONEST, hostile_names, read_hostile
from grader.sandbox.tiers import Tier, host_support
from tests.hostile.suite import judged, lacking, names_of
from tests.lanes import more

COSTLY = {
    "markdown_bombs": "markdown_active",
    "notebook_130_mib": "notebook_300_mib",
    "notebook_hard_to_compare": "notebook_3000_cells",
    "picture_bombs": "report_picture_bomb",
    "report_form_bomb": "report_endless_page",
    "report_stream_bomb": "report_huge_page",
    "zip_100k_entries": "zip_499_folders",
}
"""Those that take seconds, each with one of its kind that does not."""
ONE_IN = 4
"""Of a kind: one case of each, and one in as many."""


def kept() -> tuple[str, ...]:
    """What `make test` reads: a kind is its first word, its exit status and its first note."""
    kinds: dict[tuple[str, ...], list[str]] = {}
    for name in names_of("intake"):
        case = read_hostile(name)
        kinds.setdefault((name.partition("_")[0], str(case.exit), *case.notes[:1]), []).append(name)
    cheap = ([name for name in names if name not in COSTLY] for names in kinds.values())
    return tuple(name for names in cheap for name in names[::ONE_IN])


KEPT = tuple(dict.fromkeys((*kept(), *COSTLY.values())))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [*KEPT, *more(*(name for name in names_of("intake") if name not in KEPT))]
)
def test_what_is_only_read(name: str) -> None:
    assert judged(name).wrong == ()


COLD = ("pickles_and_results", *more(HONEST))
"""It cannot be run in a warm one: it has a file named like a library. Others that are quick are run
by `test_warm`; `make hostile` runs every case cold."""
WARM = host_support().tier is not Tier.PROCESS


@pytest.mark.kernel
@pytest.mark.parametrize("name", COLD if WARM else names_of("grade", quick=True))
def test_what_is_run(name: str) -> None:
    verdict = judged(name)
    if lack := lacking(verdict.expected):
        pytest.skip(lack)
    assert verdict.wrong == ()


def test_what_takes_seconds_is_left_to_make_test_all() -> None:
    assert set(COSTLY) < set(names_of("intake")) - set(KEPT)


def test_the_honest_twin_is_one_of_them() -> None:
    assert hostile_names()[0] == HONEST

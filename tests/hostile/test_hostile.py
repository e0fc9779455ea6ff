"""Every hostile submission that needs no kernel, and the quick ones of the others."""

from __future__ import annotations

import pytest

from authoring.hostile_samples import HONEST, hostile_names
from tests.hostile.suite import judged, lacking, names_of


@pytest.mark.slow
@pytest.mark.parametrize("name", names_of("intake"))
def test_what_is_only_read(name: str) -> None:
    assert judged(name).wrong == ()


@pytest.mark.kernel
@pytest.mark.parametrize("name", names_of("grade", quick=True))
def test_what_is_run(name: str) -> None:
    verdict = judged(name)
    if lack := lacking(verdict.expected):
        pytest.skip(lack)
    assert verdict.wrong == ()


def test_the_honest_twin_is_one_of_them() -> None:
    assert hostile_names()[0] == HONEST

"""4(d): an ascent in two cells, or two loops: the second goes on with the first's image."""

from __future__ import annotations

from dataclasses import replace

from grader.checks.context import CheckContext
from grader.checks.images.recorded_runs import RecordedRun, images_along


def starts_at_the_end(context: CheckContext, later: RecordedRun, earlier: RecordedRun) -> bool:
    """Whether a run starts where an earlier one ended: no further away than its first step went."""
    ended, start = earlier.final, later.start
    along = dict(images_along(context, earlier))
    if ended is None or start is None or ended.shape != start.shape or not {0, 1} <= set(along):
        return False
    return bool((start - ended).norm() <= (along[1] - along[0]).norm())


def joined(earlier: RecordedRun, later: RecordedRun) -> RecordedRun:
    """Return two runs as one, under the later's name, with its steps counted on."""
    first, second = earlier.run, later.run
    steps, looked = earlier.steps, first.looked
    run = replace(
        second,
        start=first.start,
        steps=steps + later.steps,
        samples=(*first.samples, *(replace(s, step=s.step + steps) for s in second.samples)),
        images=(*first.images, *((step + steps, image) for step, image in second.images)),
        looks=(*first.looks, *(replace(look, step=look.step + looked) for look in second.looks)),
        looked=looked + second.looked,
        parts=(*first.parts, *second.parts),
    )
    return replace(later, run=run, start=earlier.start, space=earlier.space)

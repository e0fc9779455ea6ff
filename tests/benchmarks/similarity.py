"""Time the search for similar hand-ins in classes that are made up.

    python -m tests.benchmarks.similarity

Each student has the course's notebook, with code of their own under every cell where code is to be
written; two of each hundred copied from another one and renamed what they could.
"""

from __future__ import annotations

import random
import resource
import time

from grader.batch.exports.code_samples import CodeSample
from grader.batch.exports.similarity import compare_class
from grader.batch.exports.similarity_page import render_similarity_page
from grader.model.assignment import load_assignment
from grader.model.template import TemplateCell

NAMES = ("x", "out", "grad", "kernel", "window", "total", "i", "k", "n", "pad", "step", "image")
SHAPES = (
    "{a} = {b}[{c}:{c} + {d}] * {b}",
    "{a} += {b}.sum() - {c}",
    "for {a} in range({b} - {c} + 1):\n        {d} = {a} * {b}",
    "if {a} > {b}:\n        {c} = max({a}, {d})",
    "{a} = np.dot({b}, {c}[::-1]) / {d}",
    "{a}[{b}] = {c}({d}) if {d} else 0",
    "{a} = [{b} ** 2 for {b} in {c}]",
    "print('{a}', {b}, {c})",
)


def main() -> None:
    """Print a table."""
    template = load_assignment().template
    print("| students | seconds of CPU | pairs found | planted | most memory (MiB) |")
    print("|---|---|---|---|---|")
    for many in (20, 100, 300):
        samples = made_up(many, template)
        start = time.process_time()
        found = compare_class(samples, template)
        render_similarity_page(found)
        taken = time.process_time() - start
        pairs = sum(len(group.pairs) for group in found.groups)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"| {many} | {taken:.1f} | {pairs} | {planted(many)} | {memory:.0f} |")


def planted(many: int) -> int:
    """Return how many students copied in a class of that size."""
    return max(1, many // 50)


def made_up(many: int, template: tuple[TemplateCell, ...], seed: int = 11) -> list[CodeSample]:
    """Return a class of which the last ones copied from the first ones."""
    draw = random.Random(seed)  # noqa: S311 -- no secret
    copies = planted(many)
    code = [cell for cell in template if cell.kind == "code"]
    students = [
        CodeSample(
            kerberos=f"s{index:03}",
            cells=tuple(
                (cell.part_id, cell.source + (_own(draw) if cell.role == "todo" else ""))
                for cell in code
            ),
        )
        for index in range(many - copies)
    ]
    renamed = [
        CodeSample(
            kerberos=f"t{index:03}",
            cells=tuple(
                (part, source.replace("grad", "g").replace("window", "w").replace("    #", "#"))
                for part, source in students[index].cells
            ),
        )
        for index in range(copies)
    ]
    return students + renamed


def _own(draw: random.Random) -> str:
    lines = [
        "    "
        + draw.choice(SHAPES).format(
            a=draw.choice(NAMES), b=draw.choice(NAMES), c=draw.choice(NAMES), d=draw.choice(NAMES)
        )
        for _ in range(draw.randint(6, 14))
    ]
    return "\n" + "\n".join(lines)


if __name__ == "__main__":
    main()

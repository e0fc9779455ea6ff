"""The report of the reference run: expected outputs, and the solved notebook's words and code."""

from __future__ import annotations

from pathlib import Path

from grader.model.assignment import Assignment, Part
from grader.outputs.pages.notebooks import NotebookCell, read_cells, snippets, without_prompts
from grader.outputs.pages.reference_figures import content
from grader.outputs.pages.required_report import ReportPart, ReportSource, titles_of
from grader.planning.reference_runs import reference_runs
from reference.expected import Expected

_RELEVANT = frozenset({"todo", "run"})


def from_reference(expected: Expected, assignment: Assignment, notebook: Path) -> ReportSource:
    """Return the report of the reference run.

    Args:
        expected: outputs of `make reference`.
        assignment: the offering whose questions are answered.
        notebook: its solved notebook; answer cells and code are marked with their part.

    Raises:
        ConfigError: the notebook, a picture or a reference run is missing.
    """
    cells = read_cells(notebook)
    runs = reference_runs(expected, assignment)
    versions = expected.manifest.versions
    made_with = f"PyTorch {versions['torch']}" if "torch" in versions else "PyTorch"
    return ReportSource(
        title="Problem Set 4",
        author="Reference solution",
        subtitle=f"MIT {'/'.join(assignment.courses)} · weights and pictures of the bundle "
        f"{expected.bundle_name} · {made_with} on {expected.manifest.device}",
        problems=titles_of(assignment),
        parts=tuple(_part(part, runs, assignment, cells) for part in assignment.parts),
    )


def _part(
    part: Part, expected: Expected, assignment: Assignment, cells: tuple[NotebookCell, ...]
) -> ReportPart:
    mine = [cell for cell in cells if cell.part == part.id]
    answer = [cell.source for cell in mine if cell.role == "answer" and cell.kind == "markdown"]
    code = [cell for cell in mine if cell.kind == "code" and cell.role in _RELEVANT]
    facts, figures = content(part, expected, assignment)
    return ReportPart(
        id=part.id,
        problem=part.problem,
        title=part.title,
        question=part.question,
        answer=without_prompts("\n\n".join(answer), assignment),
        facts=facts,
        figures=figures,
        snippets=snippets(code),
    )

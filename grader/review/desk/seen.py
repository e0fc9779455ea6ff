"""Whether an answer is the one that was read before: the same words on the same pages."""

from __future__ import annotations

import hashlib

from grader.model.assignment import Assignment
from grader.model.records.places import Placed
from grader.model.results_folder import ResultFolder
from grader.outputs.pages.answer_pictures import own_pictures
from grader.outputs.pages.markup import markdown_html
from grader.review.answers import answer_of, has_picture
from grader.review.page_pictures import pages_of


def answer_digest(folder: ResultFolder, assignment: Assignment, part_id: str, told: Placed) -> str:
    """Return a digest of all that is read of an answer; empty where a page is not drawn.

    Args:
        folder: The student's results.
        assignment: The offering.
        part_id: Which part.
        told: Where people say that reports answer parts.
    """
    answer = answer_of(folder, assignment, part_id, told)
    drawn = pages_of(folder)
    # Where it is not known which page answers the part, any of them may.
    pages = answer.report_pages or tuple(range(1, drawn.pages + 1))
    found = hashlib.sha256("\0".join((answer.notebook, answer.report)).encode())
    if has_picture(answer.notebook):  # the same text may show another one
        html = markdown_html(answer.notebook, own_pictures(folder))
        found.update(html.encode(errors="replace"))
    for piece in answer.code:
        found.update(piece.source.encode(errors="replace"))
    for page in pages:
        if page not in drawn.drawn:
            return ""
        found.update(hashlib.sha256(drawn.picture(page).read_bytes()).digest())
    return found.hexdigest()

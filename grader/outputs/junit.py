"""JUnit XML of a grade sheet, for the test tab of a pipeline: one test case per check."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

from grader.model.records import Finding, GradeSheet, Outcome, PartGrade
from grader.model.text import format_points, inert
from grader.outputs.annotations import Place

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


Places = Callable[[PartGrade, Finding], Place]
"""From a part and a finding to where it is looked at."""


def render_junit(sheet: GradeSheet, place: Places = lambda *_: Place()) -> str:
    """Return the XML text: a suite per part, a failure per check that costs points.

    A check that needs grading is skipped, and so is one that costs nothing because its part is
    optional or a bonus. A fault of the grader is an error. Where `place` names a file, the test
    case has it and the line.
    """
    root = ET.Element("testsuites", name=sheet.facts.assignment)
    totals = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for part in sheet.parts:
        suite = ET.SubElement(root, "testsuite", name=_xml(f"{part.id} {part.title}"))
        counts = dict.fromkeys(totals, 0)
        for finding in part.findings:
            counts["tests"] += 1
            verdict = _case(suite, sheet, part, finding)
            _locate(suite[-1], place(part, finding))
            if verdict:
                counts[verdict] += 1
        for key, count in counts.items():
            suite.set(key, str(count))
            totals[key] += count
        suite.set("time", "0")
        _add_properties(suite, part)
    for key, count in totals.items():
        root.set(key, str(count))
    root.set("time", f"{sheet.facts.seconds:.3f}")
    return _text(root)


def render_stopped_junit(name: str, sentence: str, *, fault: bool) -> str:
    """Return the XML text of a check that came to no grades: one case, which fails.

    Args:
        name: What was to be checked.
        sentence: Why it was not.
        fault: Whether that is the grader's fault: an error, where else it is a failure.
    """
    counts = {"tests": "1", "failures": str(int(not fault)), "errors": str(int(fault))}
    counts |= {"skipped": "0", "time": "0"}
    root = ET.Element("testsuites", {"name": _xml(name), **counts})
    suite = ET.SubElement(root, "testsuite", {"name": "submission", **counts})
    case = ET.SubElement(suite, "testcase", classname="submission", name="graded", time="0")
    ET.SubElement(case, "error" if fault else "failure", message=_xml(sentence))
    return _text(root)


def _text(root: ET.Element) -> str:
    ET.indent(root)
    data: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return data.decode() + "\n"


def _locate(case: ET.Element, place: Place) -> None:
    if place.path:
        case.set("file", _xml(place.path))
        case.set("line", str(place.line))


def _case(suite: ET.Element, sheet: GradeSheet, part: PartGrade, finding: Finding) -> str:
    """Add a test case; return which count it adds to, or an empty string for a pass."""
    case = ET.SubElement(
        suite,
        "testcase",
        classname=f"{sheet.facts.assignment}.{part.id}",
        name=_xml(finding.check_id),
        time="0",
    )
    if finding.outcome is Outcome.PASS:
        return ""
    tag, count = _tag(part, finding.outcome)
    verdict = ET.SubElement(case, tag, message=_xml(finding.message))
    if tag != "skipped":
        verdict.set("type", finding.outcome.value)
    rows = [
        f"{row.quantity}: measured {row.measured}, expected {row.expected}"
        + (f", tolerance {row.tolerance}" if row.tolerance else "")
        for row in finding.measurements
        if not row.ok
    ]
    verdict.text = _xml("\n".join(rows)) or None
    return count


def _tag(part: PartGrade, outcome: Outcome) -> tuple[str, str]:
    if outcome is Outcome.GRADER_FAULT:
        return "error", "errors"
    if outcome is Outcome.NEEDS_HUMAN or not part.required:
        return "skipped", "skipped"
    return "failure", "failures"


def _add_properties(suite: ET.Element, part: PartGrade) -> None:
    properties = ET.Element("properties")
    for name, value in (
        ("points", format_points(part.points)),
        ("max_points", format_points(part.max_points)),
        ("pending_points", format_points(part.pending_points)),
        ("outcome", part.outcome.value),
    ):
        ET.SubElement(properties, "property", name=name, value=value)
    suite.insert(0, properties)


def _xml(text: str) -> str:
    """Return text without what XML cannot hold or what a viewer may take for an order."""
    return _NOT_XML.sub("\ufffd", inert(text))

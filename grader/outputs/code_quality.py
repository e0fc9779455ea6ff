"""GitLab's code quality report: annotations as a JSON list.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable

from grader.model.text import inert
from grader.outputs.annotations import Annotation, Level

_SEVERITIES = {Level.ERROR: "major", Level.WARNING: "minor", Level.NOTICE: "info"}
_NO_FILE = "report.pdf"
"""What is about no file in particular: an entry must name one, and this is what is handed in."""


def render_code_quality(annotations: Iterable[Annotation]) -> str:
    """Return the report's text. No two entries have one fingerprint, or GitLab shows only one.

    A fingerprint depends on what was found, not on the line: GitLab compares it between branches.
    """
    seen: Counter[str] = Counter()
    entries = []
    for one in annotations:
        path, message = inert(one.place.path) or _NO_FILE, inert(one.message)
        key = "\n".join((one.name, path, message))
        seen[key] += 1
        entries.append(
            {
                "description": f"{inert(one.title)}. {message}",
                "check_name": one.name,
                "fingerprint": hashlib.sha256(f"{key}\n{seen[key]}".encode()).hexdigest(),
                "severity": _SEVERITIES[one.level],
                "location": {"path": path, "lines": {"begin": one.place.line}},
            }
        )
    return json.dumps(entries, indent=2, ensure_ascii=False) + "\n"

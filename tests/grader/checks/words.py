"""What no sentence may have, and what no finding's remarks may lack."""

from __future__ import annotations

import re
from collections.abc import Iterator

from grader.model.catalogue import load_catalogue, names_in
from grader.model.records import Finding

_FLAWS = {
    "a double full stop": re.compile(r"(?<!\.)\.\.(?!\.)|\?\.|!\."),
    "a double space": re.compile(r"  "),
    "a space before a mark": re.compile(r" [,;:.](\s|$)"),
    "one of a plural": re.compile(
        r"(?<![\w.])(?<![-+=<>] )1 (?:pages|samples|images|pictures|steps|cells|sizes|of 1 \w+s)\b"
    ),
}


def flaws_of(text: str) -> list[str]:
    """Name what is wrong with a sentence, whatever it says."""
    return [name for name, pattern in _FLAWS.items() if pattern.search(text)]


def unmarked_counts(text: str, values: dict[str, object]) -> list[str]:
    """Return the whole numbers of a sentence whose noun has no singular: `{n} pages`."""
    return [
        found[0]
        for found in re.finditer(r"\{(\w+)\} [a-z]+s\b", text)
        if isinstance(values.get(found[1]), int)
    ]


def wrong_in(finding: Finding) -> Iterator[str]:
    """Yield what is wrong with the words of a finding, and with the values behind them."""
    for text in (finding.message, finding.staff_detail):
        yield from (f"{flaw} in {text!r}" for flaw in flaws_of(text))
    if not finding.remarks:
        yield f"{finding.check_id} says nothing"
    for remark in finding.remarks:
        sentence = load_catalogue("grader.checks")[remark.code]
        needed = names_in(sentence.student) | names_in(sentence.staff)
        given = dict(remark.values)
        for text in (sentence.student, sentence.staff):
            yield from (f"{remark.code}: {one}" for one in unmarked_counts(text, dict(given)))
        if needed != set(given):
            yield f"{remark.code} needs {sorted(needed)} and gets {sorted(given)}"

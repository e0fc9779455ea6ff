"""Regrade requests from a file: what students wrote by mail or in a form."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator
from uuid import NAMESPACE_URL, uuid5

from grader.model.assignment import Assignment
from grader.model.records import RequestEvent, RequestKind
from reference.errors import ConfigError

COLUMNS = ("kerberos", "part", "text")
LONGEST_CHARS = 10_000
"""Characters of one request."""


def parse_requests(
    text: str, assignment: Assignment, students: Collection[str], *, author: str, where: str
) -> tuple[RequestEvent, ...]:
    """Return the requests of a CSV file with the columns `kerberos`, `part` and `text`.

    The same line gives the same uuid, so that a file can be read again after lines were added.

    Args:
        text: Of the file.
        assignment: Whose parts there are.
        students: Kerberos names of the class.
        author: Who enters them.
        where: Names the file in errors.

    Raises:
        ConfigError: a line is not as it should be; all of them are named.
    """
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise ConfigError(
            f"{where}: expected the columns {', '.join(COLUMNS)}, found none named {missing[0]!r}"
        )
    faults: list[str] = []
    made = []
    for row in rows:
        fields = {name: (row.get(name) or "").strip() for name in COLUMNS}
        fields["part"] = re.sub(r"[()\s]", "", fields["part"]).lower()
        wrong = list(_wrong(fields, assignment, students))
        faults += [f"line {rows.line_num}: {one}" for one in wrong]
        made += [] if wrong else [opened(**fields, author=author)]
    if faults:
        raise ConfigError(f"{where}: nothing was added; {'; '.join(faults)}")
    return tuple(made)


def _wrong(
    fields: dict[str, str], assignment: Assignment, students: Collection[str]
) -> Iterator[str]:
    if fields["kerberos"] not in students:
        yield f"expected a kerberos of the class, found {fields['kerberos']!r}"
    if fields["part"] not in {part.id for part in assignment.parts}:
        yield f"expected a part such as 3c, found {fields['part']!r}"
    if not fields["text"]:
        yield "expected what the student asks, found nothing"
    if len(fields["text"]) > LONGEST_CHARS:
        yield f"expected at most {LONGEST_CHARS:,} characters, found {len(fields['text']):,}"


def opened(*, kerberos: str, part: str, text: str, author: str) -> RequestEvent:
    """Return the entry that opens a request; the same request is the same entry."""
    name = uuid5(NAMESPACE_URL, "\n".join(("regrade request", kerberos, part, text))).hex
    return RequestEvent(
        uuid=name,
        request=name,
        kerberos=kerberos,
        part_id=part,
        kind=RequestKind.OPENED,
        text=text,
        author=kerberos,
        entered_by=author,
    )

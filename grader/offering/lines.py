"""On which line of an offering's file a fault is: people look for a line, not for `parts[11]`."""

from __future__ import annotations

import re

_SAID = re.compile(
    r"(?P<place>[^\s:]+): (?P<keys>part \S+?(?=:)|course_files: \S+(?=:)|[\w.\[\]-]+)"
)
"""How a fault begins: where it is, then the keys that lead to it."""
_INDEXED = re.compile(r"(?P<table>parts|problems)\[(?P<index>\d+)\](?:\.(?P<key>\w+))?")
_HEADER = re.compile(r"\s*\[")


def with_line(fault: str, where: str, name: str, text: str) -> str:
    """Return a fault with file and line, where its keys tell which line of the file it is.

    Args:
        fault: One sentence, as faults of an offering begin: `fall30: credit.conv_update: …`.
        where: Name of the file, such as `fall30/assignment.toml`.
        name: Of the offering, which some faults have in place of the file.
        text: Of the file.
    """
    said = _SAID.match(fault)
    if said is None or said["place"] not in {where, name}:
        return fault
    line = line_of(said["keys"], text)
    place = where if line is None else f"{where}:{line}"
    return f"{place}{fault[len(said['place']) :]}"


def line_of(keys: str, text: str) -> int | None:
    """Return the line of a key path such as `parts[3].checks[0].id`; None where it has none."""
    lines = text.splitlines()
    if keys.startswith("course_files: "):
        return _first(lines, 0, re.escape(f'"{keys.partition(": ")[2]}"'))
    if keys.startswith("part "):
        return _first(lines, 0, rf'id\s*=\s*"{re.escape(keys[5:])}"')
    indexed = _INDEXED.match(keys)
    if indexed is not None:
        headers = [n for n, line in enumerate(lines) if line.strip() == f"[[{indexed['table']}]]"]
        index = int(indexed["index"])
        return _within(lines, headers[index], indexed["key"]) if index < len(headers) else None
    table, _, key = keys.rpartition(".")
    for header, wanted in ((table, key), (keys, "")):
        start = _first(lines, 0, rf"\[{re.escape(header)}\]") if header else None
        if start is not None:
            return _within(lines, start - 1, wanted)
    return _first(lines, 0, rf"{re.escape(keys.partition('.')[0])}\s*=")


def _within(lines: list[str], start: int, key: str | None) -> int:
    """Return the line of a key in the table whose header is at `start`; else the header's."""
    end = next((n for n in range(start + 1, len(lines)) if _HEADER.match(lines[n])), len(lines))
    found = _first(lines[:end], start + 1, rf"{re.escape(key)}\s*=") if key else None
    return found or start + 1


def _first(lines: list[str], start: int, pattern: str) -> int | None:
    """Return the number, from 1, of the first line that begins with a pattern."""
    beginning = re.compile(rf"\s*{pattern}")
    return next((n + 1 for n in range(start, len(lines)) if beginning.match(lines[n])), None)

"""Whose a repository is: told by hand, by a roster, or by its name. Run by CI templates.

python -m grader.intake.repository_name ORG/pset4-jdoe --pattern 'pset4-(.+)' --roster roster.csv
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from pathlib import Path

from grader.intake.submission import kerberos_of
from grader.model.text import terminal_line
from reference.errors import ConfigError

PATTERN = "pset4-(.+)"
"""Of the names that repositories have by default."""
_KEYS = ("repository", "github")
"""Columns of a roster by which a repository is found; the first one that it has counts."""


def kerberos_of_repository(
    repository: str, *, kerberos: str = "", pattern: str = PATTERN, roster: Path | None = None
) -> str:
    """Return whose repository it is, fit for the name of a zip.

    Args:
        repository: Its name, with or without the owner's.
        kerberos: The answer, where somebody knows it.
        pattern: Regular expression for the whole name; its first group is the name of the student
            there. A name that it does not fit is taken as a whole.
        roster: CSV file with the column kerberos and the column repository or github, which holds
            what the pattern finds or the repository's name.

    Raises:
        ConfigError: the pattern is none, or the roster cannot be read or lacks the student.
    """
    if kerberos.strip():
        return kerberos_of(kerberos.strip())[0]
    name = repository.rstrip("/").rpartition("/")[2].removesuffix(".git")
    try:
        match = re.fullmatch(pattern, name)
    except re.error as error:
        raise ConfigError(
            f"pattern: expected a regular expression such as {PATTERN}, found {pattern!r} ({error})"
        ) from error
    found = match[1] if match and match.re.groups and match[1] else name
    if roster is not None:
        found = _in_roster(roster, {found.casefold(), name.casefold(), repository.casefold()})
    return kerberos_of(found)[0]


def _in_roster(path: Path, names: set[str]) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: expected a roster, a CSV file in UTF-8: {error}") from error
    rows = csv.DictReader(text.splitlines())
    header = {name.strip().lower(): name for name in rows.fieldnames or ()}
    key = next((header[one] for one in _KEYS if one in header), None)
    if key is None or "kerberos" not in header:
        raise ConfigError(
            f"{path}: expected the columns kerberos and repository (or github), found "
            f"{', '.join(header) or 'none'}"
        )
    for row in rows:
        if (row[key] or "").strip().casefold() in names and (row[header["kerberos"]] or "").strip():
            return row[header["kerberos"]].strip()
    raise ConfigError(f"{path}: expected a row for {min(names)!r}, found none; add it")


def main(argv: list[str] | None = None) -> int:
    """Print the name; a foreseen error is one sentence and status 2."""
    parser = argparse.ArgumentParser(description="Tell whose a repository is.")
    parser.add_argument("repository")
    parser.add_argument("--kerberos", default="")
    parser.add_argument("--pattern", default=PATTERN)
    parser.add_argument("--roster", default="")
    options = parser.parse_args(argv)
    try:
        name = kerberos_of_repository(
            options.repository,
            kerberos=options.kerberos,
            pattern=options.pattern or PATTERN,
            roster=Path(options.roster) if options.roster else None,
        )
    except ConfigError as error:
        sys.stderr.write(f"{terminal_line(str(error))}\n")
        return 2
    sys.stdout.write(f"{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

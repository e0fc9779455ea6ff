"""Files of earlier years: checks that have other names today keep their meaning."""

from __future__ import annotations

import tomllib
from typing import Any

from grader.model.offering_files import OFFERINGS
from reference.errors import ConfigError

NAMES: dict[str, str] = tomllib.loads((OFFERINGS / "renamed_checks.toml").read_text("utf-8"))
"""Earlier name of a check to today's."""

_BY_CHECK = ("credit", "short_cuts")
"""Tables of an assignment file whose keys are checks."""


def with_present_names(table: dict[str, Any], where: str) -> dict[str, Any]:
    """Return an assignment file's content with today's names of checks.

    Raises:
        ConfigError: two earlier names of one check say different things.
    """
    made = dict(table)
    for key in _BY_CHECK:
        if isinstance(table.get(key), dict):
            made[key] = _renamed(table[key], f"{where}: {key}")
    for part in _dicts(table.get("parts")):
        for check in _dicts(part.get("checks")):
            name = check.get("id")
            check["id"] = NAMES.get(name, name) if isinstance(name, str) else name
    return made


def _renamed(entries: dict[str, Any], place: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, entry in entries.items():
        today = NAMES.get(name, name)
        if made.setdefault(today, entry) != entry:
            raise ConfigError(
                f"{place}.{name}: this check is called {today} now, for which only one table can "
                "stand; found two that differ"
            )
    return made


def _dicts(found: object) -> list[dict[str, Any]]:
    entries = found if isinstance(found, list) else []
    return [entry for entry in entries if isinstance(entry, dict)]

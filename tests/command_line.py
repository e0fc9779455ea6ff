"""Arguments of tools that are run by name (`python -m tests.…`); each of them answers `--help`."""

from __future__ import annotations

import argparse
from collections.abc import Iterable


def _parser(doc: str | None) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def counts(doc: str | None, **defaults: int) -> list[int]:
    """Return whole numbers that may be given in this order; else the defaults."""
    parser = _parser(doc)
    for name, default in defaults.items():
        parser.add_argument(name, nargs="?", type=int, default=default, help=f"else {default}")
    return [getattr(parser.parse_args(), name) for name in defaults]


def names(doc: str | None, what: str, known: Iterable[str] = (), *, least: int = 0) -> list[str]:
    """Return names that are given, of those that are known; none stands for all."""
    parser, choices = _parser(doc), list(known)
    parser.add_argument("names", nargs="+" if least else "*", metavar=what, help=", ".join(choices))
    found: list[str] = parser.parse_args().names
    for one in found:
        if choices and one not in choices:
            parser.error(f"expected one of {', '.join(choices)}, found {one}")
    return found

"""Errors of the reference implementation.

    PsetError                 everything this project raises on purpose
    ├── ConfigError           staff's fault: a setting, a file or an option is wrong
    │   └── AssetsMissing     a bundle's files are not in the cache
    ├── SubmissionError       the student's fault: what was handed in cannot be used
    └── GraderFault           our fault: an invariant of this code did not hold

A message says where, what was expected, what was found and what to do. The command line prints it
as one sentence without a traceback: exit status 2 for the first two, 3 for the last.
"""

from __future__ import annotations


class PsetError(Exception):
    """Base of every error that this project raises on purpose."""


class ConfigError(PsetError):
    """Staff must change a setting, a file or an option."""


class AssetsMissing(ConfigError):
    """A bundle's files are not in the cache, or do not match their digests."""


class SubmissionError(PsetError):
    """What the student handed in cannot be used."""


class GraderFault(PsetError):
    """An invariant of this project's own code did not hold."""

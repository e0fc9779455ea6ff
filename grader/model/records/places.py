"""Where people say that a report answers a part, and where a name stands in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

NAMES = "names"
"""Stands for a part's id in a row that says on which pages a name stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """On which pages of a report a part is answered, as a person says. The newest holds."""

    uuid: str
    """Its own name, the same on every machine."""
    kerberos: str
    """Whose report."""
    part_id: str
    """Such as `3c`; `NAMES` for the pages at whose top a name stands."""
    zip_sha256: str
    """Digest of the hand-in that the report is of."""
    pages: tuple[int, ...]
    """From 1, sorted; empty where the report does not answer the part."""
    author: str
    """Who looked."""
    noted_at: str = ""
    """ISO 8601 in UTC; the store fills it in."""


Placed = Mapping[tuple[str, str], tuple[tuple[int, ...], str]]
"""(kerberos, part) to the pages that a person named, and who did."""


def placed(places: Iterable[Place], zips: Mapping[str, str]) -> Placed:
    """Return what people say of the hand-ins that count.

    Args:
        places: As they were added.
        zips: Kerberos to the digest of the hand-in that counts.
    """
    return {
        (one.kerberos, one.part_id): (one.pages, one.author)
        for one in places
        if zips.get(one.kerberos) == one.zip_sha256
    }

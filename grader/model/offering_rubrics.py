"""`rubrics.toml` of an offering: what people give points for, part by part.

[3c]
start = "full" # items take off; with "zero" they give

[[3c.items]]
id = "no_reason"
share = -0.5
title = "No reason is given"
for_student = "You say how, not *why* so."
"""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import asdict

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from grader.model.records import Rubric, RubricItem, Show, Start
from reference.errors import ConfigError

STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class _Item:
    id: str = Field(pattern=r"^[0-9a-z_]+$")
    share: float = Field(ge=-1, le=1)
    title: str = Field(min_length=1)
    for_student: str = ""
    for_staff: str = ""
    show: Show = Show.APPLIED
    group: str = ""
    one_of: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class _Rubric:
    items: tuple[_Item, ...] = Field(min_length=1)
    start: Start = Start.ZERO
    floor: float = Field(default=0.0, ge=0, le=1)
    ceiling: float = Field(default=1.0, ge=0, le=1)


_FILE = TypeAdapter(dict[str, _Rubric])


def parse_rubrics(data: bytes, *, where: str) -> tuple[Rubric, ...]:
    """Return the rubrics that the TOML text `data` holds; none where it is empty.

    Raises:
        ConfigError: not TOML, an unknown key, a wrong value, or two items of one id.
    """
    try:
        found = _FILE.validate_python(tomllib.loads(data.decode("utf-8")))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{where}: expected TOML in UTF-8, found: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        keys = ".".join(str(key) for key in first["loc"])
        raise ConfigError(f"{where}: {keys}: {first['msg']}, found {first['input']!r}") from error
    return tuple(_rubric(part_id, one, where) for part_id, one in found.items())


def _rubric(part_id: str, found: _Rubric, where: str) -> Rubric:
    repeated = [one for one, count in Counter(i.id for i in found.items).items() if count > 1]
    if repeated:
        raise ConfigError(f"{where}: {part_id}.items: the id {repeated[0]!r} is there twice")
    if found.floor > found.ceiling:
        raise ConfigError(f"{where}: {part_id}: expected a floor of at most the ceiling")
    return Rubric(
        part_id=part_id,
        start=found.start,
        floor=found.floor,
        ceiling=found.ceiling,
        items=tuple(RubricItem(**asdict(one)) for one in found.items),
    )

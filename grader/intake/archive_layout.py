"""Where the entries of a zip lie: what `zipfile` believes, or checks only in its newest releases.

A directory may list a hundred files that share their bytes (CVE-2024-0450): a bomb then needs no
large entry, and what one program unpacks is not what another does. Here each entry's own header,
which the directory merely repeats, says where the entry's bytes end.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_MAGIC = b"PK\x03\x04"
_DESCRIPTOR = 0x8
_IN_64_BIT_FIELD = 0xFFFFFFFF

Refusal = tuple[str, Mapping[str, float]]
"""Why an entry must not be written: code in the catalogue of intake, and its values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    """The header before an entry's bytes."""

    end: int
    """Offset of the first byte behind the entry's bytes."""
    agrees: bool
    """Whether it states the sizes and the checksum that the directory states."""


def layout_refusals(archive: zipfile.ZipFile, path: Path) -> dict[int, Refusal]:
    """Return, by `id` of its `ZipInfo`, why an entry must not be read; no item for a sound one.

    Args:
        archive: The zip at `path`.
        path: Where its bytes are read from once more.
    """
    infos = archive.infolist()
    with path.open("rb") as source:
        headers = [_header(source, info) for info in infos]
    found: dict[int, Refusal] = {}
    for info, header in zip(infos, headers, strict=True):
        if header is None:
            found[id(info)] = "corrupt.misplaced", {}
        elif not header.agrees:
            found[id(info)] = "corrupt.sizes", {}
        elif header.end > archive.start_dir:
            found[id(info)] = "overlapping-entries.directory", {}
    ends = {id(info): header.end for info, header in zip(infos, headers, strict=True) if header}
    for info in _overlapping(infos, ends):
        found[id(info)] = "overlapping-entries.shared", {}
    return found


def _header(source: BinaryIO, info: zipfile.ZipInfo) -> _Header | None:
    if info.header_offset < 0:
        return None
    source.seek(info.header_offset)
    data = source.read(_LOCAL_HEADER.size)
    if len(data) < _LOCAL_HEADER.size:
        return None
    fields = _LOCAL_HEADER.unpack(data)
    magic, flags, stated = fields[0], fields[2], fields[6:9]
    if magic != _MAGIC:
        return None
    bytes_before = _LOCAL_HEADER.size + fields[9] + fields[10]
    real = (info.CRC, info.compress_size, info.file_size)
    # Sizes may stand behind the data, or in a field of 64 bits; the directory's count then.
    agrees = bool(flags & _DESCRIPTOR) or all(
        one in {other, _IN_64_BIT_FIELD} for one, other in zip(stated, real, strict=True)
    )
    return _Header(end=info.header_offset + bytes_before + info.compress_size, agrees=agrees)


def _overlapping(infos: Sequence[zipfile.ZipInfo], ends: dict[int, int]) -> list[zipfile.ZipInfo]:
    """Return the entries whose bytes, or headers, lie within another's."""
    found: list[zipfile.ZipInfo] = []
    last: zipfile.ZipInfo | None = None
    end = 0
    for info in sorted(infos, key=lambda one: one.header_offset):
        own_end = ends.get(id(info))
        if own_end is None:
            continue
        if last is not None and info.header_offset < end:
            found += [last, info]
        if own_end > end:
            last, end = info, own_end
    return found

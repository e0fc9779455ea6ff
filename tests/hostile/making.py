"""What the corpus is made with: zips byte by byte, notebooks, PDFs, pictures.

`zipfile` refuses to write most of what is needed here, so `raw_zip` writes headers itself.
"""

from __future__ import annotations

import base64
import json
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from pypdf import PdfWriter

from authoring.hostile_samples import ZIP_DATE, base_notebook
from grader.offering.notebooks import to_text

DOS_DATE = (41 << 9) | (3 << 5) | 31
UTF8 = 0x800
ENCRYPTED = 0x1
DESCRIPTOR = 0x8
STORED, DEFLATED = 0, 8
REGULAR = 0o100644 << 16
SYMLINK = 0o120777 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One entry of a zip; what is None is as it should be."""

    name: bytes
    data: bytes = b""
    method: int = STORED
    flags: int = UTF8
    attributes: int = REGULAR
    extra: bytes = b""
    """Extra field of the directory."""
    local_extra: bytes = b""
    """Extra field before the data."""
    local_name: bytes | None = None
    """Name before the data."""
    size: int | None = None
    """Declared size."""
    packed_size: int | None = None
    """Declared size as packed."""
    local_size: int | None = None
    """Declared size before the data."""
    crc: int | None = None
    """Declared checksum."""
    offset: int | None = None
    """Where the directory says that it starts."""
    absent: bool = False
    """Whether nothing but the directory's entry is written."""


def raw_zip(target: Path, members: Sequence[Member], **how: Any) -> None:
    """Write a zip with exactly these headers; see `raw_zip_bytes`."""
    target.write_bytes(raw_zip_bytes(members, **how))


def raw_zip_bytes(
    members: Sequence[Member],
    *,
    prefix: bytes = b"",
    gap: bytes = b"",
    suffix: bytes = b"",
    comment: bytes = b"",
    count: int | None = None,
    zip64: bool = False,
) -> bytes:
    """Return a zip with exactly these headers.

    Args:
        members: Its entries.
        prefix: Bytes before the first; offsets count from the start of the file.
        gap: Bytes between the last entry and the directory.
        suffix: Bytes after the end record.
        comment: The zip's comment.
        count: Number of entries that the end record states.
        zip64: Whether a 64-bit end record is written, too.
    """
    sink = BytesIO()
    sink.write(prefix)
    directory = []
    for member in members:
        at = sink.tell()
        if not member.absent:
            sink.write(_local(member))
        directory.append(_central(member, at))
    sink.write(gap)
    start = sink.tell()
    table = b"".join(directory)
    sink.write(table)
    number = len(members) if count is None else count
    if zip64:
        at64 = sink.tell()
        sink.write(
            struct.pack(
                "<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, number, number, len(table), start
            )
        )
        sink.write(struct.pack("<4sLQL", b"PK\x06\x07", 0, at64, 1))
        end = struct.pack(
            "<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, len(comment)
        )
    else:
        end = struct.pack(
            "<4s4H2LH",
            b"PK\x05\x06",
            0,
            0,
            number & 0xFFFF,
            number & 0xFFFF,
            len(table),
            start,
            len(comment),
        )
    sink.write(end + comment + suffix)
    return sink.getvalue()


def _packed(member: Member) -> bytes:
    if member.method != DEFLATED:
        return member.data
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(member.data) + packer.flush()


def _facts(member: Member) -> tuple[int, int, int]:
    crc = zlib.crc32(member.data) if member.crc is None else member.crc
    packed = len(_packed(member)) if member.packed_size is None else member.packed_size
    return crc, packed, len(member.data) if member.size is None else member.size


def _local(member: Member) -> bytes:
    crc, packed, size = _facts(member)
    name = member.name if member.local_name is None else member.local_name
    if member.local_size is not None:
        size = member.local_size
    tail = b""
    if member.flags & DESCRIPTOR:
        tail = struct.pack("<4s3L", b"PK\x07\x08", crc, packed, size)
        crc = packed = size = 0
    header = struct.pack(
        "<4s5H3L2H",
        *(b"PK\x03\x04", 20, member.flags, member.method, 0, DOS_DATE),
        *(crc, packed, size, len(name), len(member.local_extra)),
    )
    return header + name + member.local_extra + _packed(member) + tail


def _central(member: Member, at: int) -> bytes:
    crc, packed, size = _facts(member)
    offset = at if member.offset is None else member.offset
    header = struct.pack(
        "<4s6H3L5H2L",
        *(b"PK\x01\x02", (3 << 8) | 20, 20, member.flags, member.method, 0, DOS_DATE),
        *(crc, packed, size, len(member.name), len(member.extra), 0, 0, 0),
        *(member.attributes, offset),
    )
    return header + member.name + member.extra


def plain_zip(target: Path, files: Mapping[str, bytes]) -> None:
    """Write an ordinary zip of these files, in this order."""
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, ZIP_DATE), data, zipfile.ZIP_DEFLATED)


def honest_members() -> list[Member]:
    """The honest notebook and a report, as raw entries."""
    return [
        Member(name=b"pset4.ipynb", data=notebook_bytes()),
        Member(name=b"report.pdf", data=pdf_bytes()),
    ]


# -- notebooks ------------------------------------------------------------------------------------


def notebook() -> dict[str, Any]:
    """The honest notebook as JSON."""
    found: dict[str, Any] = json.loads(to_text(base_notebook()))
    return found


def notebook_bytes(changed: Mapping[str, Any] | None = None) -> bytes:
    """A notebook as the bytes of a file; the honest one by default."""
    return json.dumps(notebook() if changed is None else changed).encode()


def markdown(*sources: str) -> list[dict[str, Any]]:
    """Markdown cells."""
    return [{"cell_type": "markdown", "metadata": {}, "source": source} for source in sources]


def with_cells(*cells: Mapping[str, Any]) -> bytes:
    """The honest notebook with more cells at its end."""
    made = notebook()
    made["nbformat_minor"] = 4
    made["cells"] += cells
    return notebook_bytes(made)


def handed_in(target: Path, notebook_file: bytes, report: bytes | None = None) -> None:
    """Write a hand-in of this notebook and a report."""
    plain_zip(target, {"pset4.ipynb": notebook_file, "report.pdf": report or pdf_bytes()})


# -- reports --------------------------------------------------------------------------------------


def pdf_bytes(pages: int = 1, *, password: str = "", side_pt: float = 0) -> bytes:
    """A PDF of blank pages."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(width=side_pt or 595, height=side_pt or 842)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    sink = BytesIO()
    writer.write(sink)
    return sink.getvalue()


def pdf_of(*objects: bytes, root: int = 1, trailer: bytes = b"") -> bytes:
    """A PDF of these objects, numbered from 1, with a table of references."""
    out = bytearray(b"%PDF-1.5\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    out += b"trailer\n<</Size %d/Root %d 0 R%b>>\nstartxref\n%d\n%%%%EOF\n" % (
        *(len(objects) + 1, root, trailer, table),
    )
    return bytes(out)


def pdf_page(content: bytes, resources: bytes = b"", extra: bytes = b"", *more: bytes) -> bytes:
    """A PDF of one page with this content; `more` objects are numbered from 5."""
    return pdf_of(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<%b>>%b>>"
        % (resources, extra),
        b"<</Length %d>>\nstream\n%b\nendstream" % (len(content), content),
        *more,
    )


# -- pictures -------------------------------------------------------------------------------------


def png_bytes(width: int, height: int, *, rows: int | None = None, chunks: bytes = b"") -> bytes:
    """A black PNG of one bit per pixel that says it has this size, with `rows` rows of data."""
    data = zlib.compress(bytes((width + 7) // 8 + 1) * (height if rows is None else rows), 9)
    header = struct.pack(">2L5B", width, height, 1, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunks + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


def data_uri(picture: bytes, kind: str = "image/png") -> str:
    """A picture as it may stand in markdown."""
    return f"data:{kind};base64,{base64.b64encode(picture).decode()}"

"""Pictures in an answer: of ten gigapixels, cut short, with a megabyte of words, a polyglot."""

from __future__ import annotations

import zlib
from pathlib import Path

from tests.hostile.making import chunk, data_uri, handed_in, markdown, png_bytes, with_cells


def build(target: Path) -> None:
    pictures = (
        png_bytes(100_000, 100_000, rows=10),
        png_bytes(2048, 2048),
        png_bytes(2049, 1),
        png_bytes(500, 500, rows=3),
        png_bytes(8, 8, chunks=chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(bytes(50 << 20)))),
        png_bytes(8, 8, chunks=chunk(b"tEXt", b"Comment\x00hidden-in-the-picture")),
        png_bytes(8, 8) + b"<script>hidden-in-the-picture</script>",
        b"GIF89a\x01\x00\x01\x00\x80\x00\x00<script>hidden-in-the-picture</script>",
        b"\x89PNG\r\n\x1a\n",
        b"",
    )
    words = "\n\n".join(f"![p]({data_uri(picture)})" for picture in pictures)
    words += "\n\n" + "\n".join(f"![q]({data_uri(png_bytes(2000, 2000))})" for _ in range(60))
    handed_in(target, with_cells(*markdown(f"**Answer to 3(c).**\n\n{words}")))

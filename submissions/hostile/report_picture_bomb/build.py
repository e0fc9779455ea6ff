"""A report with a picture of ten gigapixels."""

from __future__ import annotations

import zlib
from pathlib import Path

from tests.hostile.making import handed_in, notebook_bytes, pdf_page


def build(target: Path) -> None:
    data = zlib.compress(bytes(1 << 20), 9)
    picture = (
        b"<</Type/XObject/Subtype/Image/Width 100000/Height 100000/ColorSpace/DeviceGray"
        b"/BitsPerComponent 8/Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream"
        % (len(data), data)
    )
    handed_in(
        target,
        notebook_bytes(),
        pdf_page(b"q 500 0 0 500 50 50 cm /I Do Q", b"/XObject<</I 5 0 R>>", b"", picture),
    )

"""A photograph of the answers."""

from __future__ import annotations

import zlib
import random
from pathlib import Path

from tests.hostile.making import handed_in, notebook_bytes, pdf_page


def build(target: Path) -> None:
    data = zlib.compress(random.Random(5).randbytes(300 * 400), 9)
    picture = (
        b"<</Type/XObject/Subtype/Image/Width 300/Height 400/ColorSpace/DeviceGray"
        b"/BitsPerComponent 8/Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream"
        % (len(data), data)
    )
    handed_in(
        target,
        notebook_bytes(),
        pdf_page(b"q 595 0 0 842 0 0 cm /I Do Q", b"/XObject<</I 5 0 R>>", b"", picture),
    )

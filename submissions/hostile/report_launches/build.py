"""A report that asks for a program to be started and a page to be opened."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, notebook_bytes, pdf_page


def build(target: Path) -> None:
    actions = b"/AA<</O<</S/Launch/F(/bin/sh)>>>>/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 595 842]/A<</S/URI/URI(http://evil.example)>>>>]"
    handed_in(target, notebook_bytes(), pdf_page(b"BT ET", extra=actions))

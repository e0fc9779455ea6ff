"""Forms that draw forms that draw forms: a billion drawings."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, notebook_bytes, pdf_page


def build(target: Path) -> None:
    forms = []
    for depth in range(9):
        body = b"/F Do " * 10 if depth < 8 else b"0 0 m 500 500 l S "
        below = b"/Resources<</XObject<</F %d 0 R>>>>" % (6 + depth) if depth < 8 else b""
        forms.append(
            b"<</Type/XObject/Subtype/Form/BBox[0 0 595 842]%b/Length %d>>\nstream\n%b\nendstream"
            % (below, len(body), body)
        )
    handed_in(
        target, notebook_bytes(), pdf_page(b"/F Do " * 10, b"/XObject<</F 5 0 R>>", b"", *forms)
    )

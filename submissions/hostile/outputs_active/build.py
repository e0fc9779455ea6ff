"""Scripts, pictures and pages among stored outputs."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, with_cells


def build(target: Path) -> None:
    data = {
        "text/html": "<script>alert(1)</script>",
        "image/svg+xml": "<svg onload=alert(1)>",
        "application/javascript": "alert(1)",
        "text/latex": "$\\href{javascript:alert(1)}{x}$",
        "application/vnd.jupyter.widget-view+json": {"model_id": "<script>alert(1)</script>"},
        "text/plain": "<script>alert(1)</script>",
    }
    cell = {
        "cell_type": "code",
        "source": "x = 1",
        "metadata": {},
        "execution_count": 1,
        "outputs": [{"output_type": "display_data", "metadata": {}, "data": data}],
    }
    handed_in(target, with_cells(cell))

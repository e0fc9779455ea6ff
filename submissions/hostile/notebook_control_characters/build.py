"""Control characters and escape codes in an answer and in outputs."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, markdown, with_cells


def build(target: Path) -> None:
    words = "\x1b]8;;http://evil.example\x07click\x1b]8;;\x07 \x1b]52;c;aGk=\x07 \x9b31m \u202etxt.exe \x00 \x85"
    cells = [
        *markdown(f"**Answer to 3(c).**\n\n{words}"),
        {
            "cell_type": "code",
            "source": f"x = 1  # {words}",
            "metadata": {},
            "execution_count": 1,
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": words},
                {"output_type": "error", "ename": words, "evalue": words, "traceback": [words]},
            ],
        },
    ]
    handed_in(target, with_cells(*cells))

"""Stored outputs of the sample submissions: small, and the same on every machine."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from nbformat import NotebookNode
from PIL import Image

Json: TypeAlias = "Mapping[str, Json] | list[Json] | str | int | float | bool | None"
"""What `json.loads` returns."""

Output: TypeAlias = Mapping[str, Json]
"""One output of a cell in nbformat 4's form."""

Outputs: TypeAlias = Mapping[str, tuple[Output, ...]]
"""Outputs by cell id."""

MAX_WIDTH_PX = 400
"""Greatest width of a stored picture."""

COLOURS = 24
"""Colours of a stored picture's palette."""

MAX_TEXT_CHARACTERS = 4000
"""Greatest length of a stored text."""

_RATE = re.compile(r"\[.*?(it/s|s/it)\]")


def captured(cells: Mapping[str, NotebookNode]) -> dict[str, tuple[Output, ...]]:
    """Return what is worth storing of the outputs of executed cells, by cell id.

    Pictures are scaled down, widgets and the standard error of the kernel's libraries left out.
    """
    found: dict[str, tuple[Output, ...]] = {}
    for cell_id, cell in cells.items():
        kept = [_small(output) for output in cell.get("outputs", [])]
        outputs = tuple(output for output in kept if output is not None)
        if outputs:
            found[cell_id] = outputs
    return found


def read_outputs(path: Path) -> dict[str, tuple[Output, ...]]:
    """Read stored outputs; none where there is no such file."""
    if not path.exists():
        return {}
    data: dict[str, list[Output]] = json.loads(path.read_text(encoding="utf-8"))
    return {cell_id: tuple(outputs) for cell_id, outputs in data.items()}


def write_outputs(path: Path, outputs: Outputs) -> Path:
    """Write stored outputs as JSON; return `path`."""
    text = json.dumps({key: list(value) for key, value in outputs.items()}, indent=1)
    path.write_text(f"{text}\n", encoding="utf-8")
    return path


def pictures(outputs: tuple[Output, ...]) -> list[str]:
    """Return the PNG pictures among a cell's outputs, base64."""
    found = []
    for output in outputs:
        data = output.get("data")
        picture = data.get("image/png") if isinstance(data, Mapping) else None
        if isinstance(picture, str):
            found.append(picture.replace("\n", ""))
    return found


def _small(output: NotebookNode) -> Output | None:
    """Return one output made small; None for what is not worth keeping."""
    if output.output_type == "stream":
        if output.name == "stderr":
            return None
        return {**output, "text": output.text[:MAX_TEXT_CHARACTERS]}
    if output.output_type == "error":
        return {**output, "traceback": [f"{output.ename}: {output.evalue}"]}
    data: dict[str, Json] = {}
    for mime, content in output.data.items():
        if mime == "image/png":
            data[mime] = _small_png(content)
        elif mime == "text/plain":
            # A progress bar's rate differs from run to run.
            data[mime] = _RATE.sub("", content)[:MAX_TEXT_CHARACTERS].rstrip()
    if not data:
        return None
    return {**output, "data": data, "metadata": {}}


def _small_png(encoded: str) -> str:
    """Return a PNG, base64, scaled down to `MAX_WIDTH_PX` and to `COLOURS` colours."""
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as picture:
        flat = Image.new("RGB", picture.size, "white")
        flat.paste(picture.convert("RGBA"), mask=picture.convert("RGBA").getchannel("A"))
    scale = min(1.0, MAX_WIDTH_PX / flat.width)
    size = (round(flat.width * scale), round(flat.height * scale))
    small = flat.resize(size, Image.Resampling.LANCZOS).quantize(COLOURS)
    buffer = io.BytesIO()
    small.save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()

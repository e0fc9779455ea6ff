"""The solved notebook runs from top to bottom under plain nbclient, with nothing of the grader."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from grader.offering.notebooks import make_solved, read_master
from reference.bundles import get_bundle

# The narrow bundle's weights do not fit torchvision's ResNet-50.
NARROW = """
from torchvision.models import resnet
from reference.studio.narrow import narrow_resnet50
resnet.ResNet = lambda block, layers, **kwargs: narrow_resnet50()
"""


@pytest.fixture
def short_notebook() -> NotebookNode:
    """The solved notebook with two steps per experiment."""
    notebook = make_solved(read_master())
    for cell in notebook.cells:
        cell.source = cell.source.replace("n_iter=200", "n_iter=2").replace("(200)", "(2)")
    notebook.cells.insert(0, nbformat.v4.new_code_cell(NARROW))  # type: ignore[no-untyped-call]
    return notebook


@pytest.mark.whole
@pytest.mark.kernel
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_solved_notebook_runs_offline(
    short_notebook: NotebookNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = get_bundle("studio-narrow")
    shutil.copytree(bundle.root / "files", tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("TORCH_HOME", str(bundle.torch_home))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # any attempt to reach the net fails
    NotebookClient(
        short_notebook, timeout=240, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    text = {
        cell.metadata.get("id"): "".join(o.get("text", "") for o in cell.outputs)
        for cell in short_notebook.cells
        if cell.cell_type == "code"
    }
    assert text["p3-selfcheck"].count(" ok") == 3
    assert text["p2c-predict-"].startswith("Pembroke: 0.")
    assert "attack 2: l2 distance to the original" in text["p4c-figure-0"]
    files = {path.name for path in tmp_path.iterdir()}
    assert files == {path.name for path in (bundle.root / "files").iterdir()}

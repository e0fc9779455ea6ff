"""What a notebook does beyond answering is told to staff; of honest notebooks nothing is."""

from __future__ import annotations

import time
from collections.abc import Iterable

import nbformat
import pytest

from authoring.hostile_samples import HOSTILE
from grader.model.offering_files import OFFERINGS
from grader.model.records import Cell
from grader.reading.conduct import conduct_notes
from tests.accuracy.corpus import hand_made


def told(sources: Iterable[str]) -> str:
    cells = [
        Cell(
            index=index,
            cell_id="",
            kind="code",
            source=source,
            execution_count=None,
            stored_outputs=0,
        )
        for index, source in enumerate(sources)
    ]
    notes = conduct_notes(cells)
    assert not any(one.for_student for one in notes)
    return "; ".join(one.message for one in notes)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import os\nfor f in os.walk('/'):\n    pass", "looks for files of the system (cell 1)"),
        ("open('/etc/passwd').read()", "looks for files of the system"),
        ("from pathlib import Path\nPath('/proc/1/environ').read_text()", "looks for files"),
        ("import socket as s\ns.create_connection(('8.8.8.8', 53))", "opens sockets"),
        ("import subprocess\nsubprocess.run(['sudo', 'id'])", "starts or ends processes"),
        ("from os import fork\nfork()", "starts or ends processes"),
        ("import gc\ngc.get_objects()", "reaches into the interpreter"),
        ("import builtins\nbuiltins.open = None", "reaches into the interpreter"),
        ("get_ipython().kernel.do_execute = None", "reaches into the interpreter"),
        ("import os, socket\nos.kill(1, 9)\nsocket.socket()", "opens sockets (cell 1); starts or"),
    ],
)
def test_what_no_answer_needs_is_told_with_its_cell(source: str, words: str) -> None:
    assert words in told([source])


@pytest.mark.parametrize(
    "source",
    [
        "import subprocess as s, sys\ns.check_call([sys.executable, '-m', 'pip', 'install', 'x'])",
        "import os\nos.system('wget https://example.org/corgi.jpg')",
        "import os\nos.listdir('.')\nos.listdir('/content/drive/MyDrive')",
        "import glob\nglob.glob('*.jpg')\nopen('corgi.jpg', 'rb')",
        "# os.walk('/') would find it\ntext = 'socket.socket()'",
        "!nvidia-smi\n%pip install einops",
        "import multiprocessing\nmultiprocessing.cpu_count()",
        "signal = torch.tensor(x)\nsignal.backward()",  # a name of its own
    ],
)
def test_what_honest_notebooks_do_is_not_told(source: str) -> None:
    assert told([source]) == ""


def test_of_the_corpora_of_honest_notebooks_none_is_told() -> None:
    for path in OFFERINGS.glob("*/*.ipynb"):
        notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        assert told(c.source for c in notebook.cells if c.cell_type == "code") == "", path
    cases = hand_made()
    assert len(cases) > 400
    for case in cases:
        assert told([case.code, *(edit.new for edit in case.edits)]) == "", case.id


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("reads_secrets", "files of the system"),
        ("reads_process_1", "files of the system"),
        ("exfiltration", "opens sockets"),
        ("odd_sockets", "opens sockets"),
        ("fork_bomb", "processes"),
        ("kill_all", "processes"),
        ("set_user_programs", "processes"),
        ("kernel_patched", "interpreter"),
        ("recorders_removed", "interpreter"),
        ("trace_functions", "interpreter"),
        ("evidence_forged", "interpreter"),
    ],
)
def test_of_the_hostile_corpus_the_conduct_is_told(case: str, words: str) -> None:
    assert words in told([(HOSTILE / case / "cells.py").read_text(encoding="utf-8")])


def test_calls_within_calls_are_read_in_no_time() -> None:
    began = time.process_time()
    assert told(["import os\n" + "os.system(" * 80 + "'ls'" + ")" * 80 + "\nx = f(1)" * 3_000])
    assert time.process_time() - began < 2

"""One notebook that does all that old notebooks do, and one that does all that it must not."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np
import psutil
import pytest

from grader.checks import probes_of
from grader.execution import Progress
from grader.model.assignment import load_assignment
from grader.model.records import ArrayRef, AttackRun, CellRun, Evidence, Limits, Outcome
from grader.model.text import cell_label
from tests.grader.execution.conftest import COURSE, Run

pytestmark = pytest.mark.kernel

STEP_IMAGE = """
class StepImage:
    def __init__(self, orig_input, step_size=2, is_normalized=True, renorm=True, eps=30,
                 norm_update='l2'):
        self.orig_input, self.step_size, self.eps = orig_input, step_size, eps

    def step(self, x, g):
        return x + self.step_size * g
"""

CELLS = {
    "imports": "import torch, requests, urllib.request, os\nfrom torchvision import models",
    "colab": "from google.colab import drive, files\ndrive.mount('/content/drive')",
    "random network": "model = models.__dict__['resnet50'](pretrained=False)\nmodel.fc",
    "pretrained": "model = models.resnet50(pretrained=True).cuda()\nmodel.eval();",
    "predict": "batch = torch.rand(1, 3, 64, 64).cuda()\nlogits = model(batch.to('cuda'))",
    "cuda everywhere": (
        "a = torch.zeros(2, device='cuda') + torch.tensor([1., 2.]).to(torch.device('cuda:0'))\n"
        "a = a.cuda(non_blocking=True); torch.cuda.synchronize(); print(a.device)\n"
        "torch.set_default_tensor_type('torch.cuda.FloatTensor')\n"
        "torch.set_default_tensor_type(torch.cuda.FloatTensor)\n"
        "print(torch.cuda.LongTensor([1]).type('torch.cuda.FloatTensor').device)"
    ),
    "http": (
        f"print(len(requests.get('{COURSE}WelshCorgi.jpeg').content))\n"
        f"print(len(urllib.request.urlopen('{COURSE}WelshCorgi.jpeg').read()))"
    ),
    "https": "print(requests.get('https://files.example.edu/a%20list.txt').text[:2])",
    "wget and curl": (
        "import shutil, subprocess\n"
        "url = 'https://files.example.edu/a%20list.txt'\n"
        "for command in (['wget', '-qO-', url], ['curl', '-sf', url]):\n"
        "    if shutil.which(command[0]):\n"
        "        done = subprocess.run(command, capture_output=True, check=True)\n"
        "        assert done.stdout.startswith(b'c0'), done"
    ),
    "unlisted": "print(requests.get('http://example.com/weights.pt').status_code)",
    "unlisted https": "print(requests.get('https://example.com/weights.pt').status_code)",
    "unlisted host": (
        "import socket\n"
        "try:\n"
        "    socket.create_connection(('ftp.example.org', 21), timeout=5)\n"
        "except OSError as error:\n"
        "    print(error.strerror)"
    ),
    "stepper": STEP_IMAGE,
    "attack": (
        "def generate_adversarial_example(model_fn, x, class_id, n_iter=200):\n"
        "    for _ in range(n_iter):\n"
        "        x = step.step(x, torch.ones_like(x))\n"
        "    return x"
    ),
    "attacked, output captured": (
        "%%capture\n"
        "start = torch.zeros(1, 3, 64, 64)\n"
        "step = StepImage(start, step_size=0.5, renorm=False, norm_update='abs')\n"
        "generate_adversarial_example(model, start, 76, n_iter=3)"
    ),
    "robust": (
        "state = torch.load('imagenet_l2_3_0.pt')['model']\n"
        "model.load_state_dict({k.split('model.')[-1]: v for k, v in state.items()})"
    ),
    "inline, twice in one cell": (
        "for size in (1, 2):\n"
        "    step = StepImage(start, step_size=size, is_normalized=False)\n"
        "    x = start\n"
        "    for _ in range(4):\n"
        "        x = step.step(x.clone().requires_grad_(), torch.ones_like(x)).detach()"
    ),
    "error": "print('before'); 1 / 0",
    "after the error": "print('still here')",
    "layers": (
        "import numpy as np\n"
        "def conv1d_forward(x, w):\n"
        "    return np.convolve(x, w, 'same')\n"
        "def conv1d_update(w, grad_w, lr):\n"
        "    raise NotImplementedError()"
    ),
    "rebound": "conv1d_forward = None",
    "no trace of the grader": (
        "import sys\n"
        "print([n for n in sys.modules if n.split('.')[0] in ('grader', 'reference')])\n"
        "print(sorted(n for n in globals() if 'pset4' in n), os.path.basename(os.getcwd()))"
    ),
}


class Tour(NamedTuple):
    evidence: Evidence
    folder: Path
    progress: list[Progress]

    def cell(self, name: str) -> CellRun:
        index = list(CELLS).index(name)
        return next(run for run in self.evidence.cells if run.cell_index == index)

    def text(self, name: str) -> str:
        notebook = nbformat.read(self.folder / "executed.ipynb", 4)  # type: ignore[no-untyped-call]
        outputs = notebook.cells[list(CELLS).index(name)].outputs
        return "".join(o.get("text", "") for o in outputs)

    def array(self, ref: ArrayRef | None) -> np.ndarray:
        assert ref is not None
        data = (self.folder / "evidence" / ref.path).read_bytes()
        assert hashlib.sha256(data).hexdigest() == ref.sha256
        array: np.ndarray = np.load(self.folder / "evidence" / ref.path, allow_pickle=False)
        assert array.shape == ref.shape
        return array


@pytest.fixture(scope="module")
def tour(run_cells: Run) -> Tour:
    return Tour(*run_cells(*CELLS.values(), probes=probes_of(load_assignment(), 5)))


def runs_of(tour: Tour, name: str) -> list[AttackRun]:
    index = list(CELLS).index(name)
    return [run for run in tour.evidence.runs if run.cell_index == index]


@pytest.mark.parametrize("name", [n for n in CELLS if n != "error"])
def test_cell_runs_without_error(tour: Tour, name: str) -> None:
    assert tour.cell(name).outcome is Outcome.PASS, tour.cell(name).error_message


def test_cell_error_is_named_and_the_rest_goes_on(tour: Tour) -> None:
    failed = tour.cell("error")
    assert failed.outcome is Outcome.STUDENT_ERROR
    assert (failed.error_name, failed.error_message) == ("ZeroDivisionError", "division by zero")
    assert tour.text("after the error") == "still here\n"


def test_shims_that_took_effect_are_named(tour: Tour) -> None:
    assert {s.name for s in tour.evidence.shims} == {"colab", "cuda-to-cpu", "narrow-resnet"}
    lines = tour.text("cuda everywhere").splitlines()  # a warning may stand between them
    assert [line for line in lines if line in {"cpu", "cuda:0"}] == ["cpu", "cpu"]


def test_course_files_are_served_and_misses_named(tour: Tour) -> None:
    evidence = tour.evidence
    assert evidence.served.count(f"{COURSE}WelshCorgi.jpeg") == 2
    assert "https://files.example.edu/a%20list.txt" in evidence.served
    assert set(evidence.missed) == {
        "http://example.com/weights.pt",
        "https://example.com/weights.pt",
        "ftp.example.org",
    }
    assert tour.text("https") == "c0\n"
    assert tour.text("unlisted") == "404\n"
    assert tour.text("unlisted https") == "404\n"
    assert tour.text("unlisted host") == "Connection refused\n"
    assert tour.cell("unlisted https").seconds < 2
    assert tour.cell("unlisted host").seconds < 2


def test_networks_are_followed_through_rebinding_and_loading(tour: Tour) -> None:
    models = tour.evidence.models
    names = list(CELLS)
    assert [names[m.cell_index] for m in models] == ["random network", "pretrained", "robust"]
    assert {m.in_features for m in models} == {256}
    assert len({m.weights_sha256 for m in models}) == 3
    assert all(tour.array(m.fingerprint).shape == (1, 1000) for m in models)


def test_prediction_is_recorded(tour: Tour) -> None:
    (prediction,) = tour.evidence.predictions
    assert prediction.weights_sha256 == tour.evidence.models[1].weights_sha256
    assert tour.array(prediction.image).shape == (1, 3, 64, 64)
    assert tour.array(prediction.logits).shape == (1, 1000)
    assert not prediction.training


def test_attack_is_recorded_even_where_output_is_captured(tour: Tour) -> None:
    (run,) = runs_of(tour, "attacked, output captured")
    assert (run.function, run.class_id, run.steps) == ("generate_adversarial_example", 76, 3)
    assert run.weights_sha256 == tour.evidence.models[1].weights_sha256
    assert run.settings is not None
    assert run.settings.eps_l2 is None
    assert (run.settings.step_size, run.settings.norm) == (0.5, "abs")
    assert run.settings.normalised
    assert not tour.array(run.start).any()
    assert (tour.array(run.final) == 1.5).all()
    assert (tour.array(run.samples[0].gradient) == 1).all()
    assert [step for step, _ in run.images] == [0, 1, 2]
    assert (tour.array(run.images[2][1]) == 1.0).all()


def test_inline_loops_are_told_apart(tour: Tour) -> None:
    first, second = runs_of(tour, "inline, twice in one cell")
    assert (first.function, first.class_id, first.steps, second.steps) == ("", None, 4, 4)
    assert (tour.array(first.final) == 4).all()
    assert (tour.array(second.final) == 8).all()
    assert second.settings is not None
    assert not second.settings.normalised
    assert first.weights_sha256 == tour.evidence.models[2].weights_sha256


def test_probe_is_asked_behind_the_cell_that_binds_its_names(tour: Tour) -> None:
    replies = {reply.probe_id: reply for reply in tour.evidence.replies}
    assert "maxpool1d_forward" not in replies
    # `conv1d_forward` was bound to None later on: that takes nothing back.
    assert {v.error_name for v in replies["conv1d_forward"].values} == {""}
    assert {v.error_name for v in replies["conv1d_update"].values} == {"NotImplementedError"}


def test_nothing_of_the_grader_is_in_the_kernel(tour: Tour) -> None:
    assert tour.text("no trace of the grader") == "[]\n[] work\n"


def test_evidence_is_no_output_and_notebook_is_valid(tour: Tour) -> None:
    text = (tour.folder / "executed.ipynb").read_text()
    assert "vnd.pset4" not in text
    nbformat.validate(json.loads(text))


def test_progress_is_monotone_and_names_attack_steps(tour: Tour) -> None:
    done = [p.done for p in tour.progress]
    assert done == sorted(done)
    assert {p.total for p in tour.progress} == {tour.progress[0].total}
    assert any((p.attack_step, p.attack_total) == (0, 3) for p in tour.progress)


def test_no_recorder_failed(tour: Tour) -> None:
    assert [n.message for n in tour.evidence.notes if n.code == "kernel-message"] == []


ODD = {
    "cannot be read": "class E(Exception):\n    def __str__(self): raise SystemExit('x')\nraise E",
    "is no text": "class E(BaseException):\n    def __str__(self): return 5\nraise E",
    "has a text that ends the same way": (
        "class E(Exception):\n    def __str__(self): raise E('again')\n"
        "    __repr__ = __str__\nraise E"
    ),
    "draws its own traceback": (
        "class E(Exception):\n    def _render_traceback_(self): return [1, None, {}]\n"
        "raise E('seen')"
    ),
    "is 10 MB long": "raise ValueError('x' * 10**7)",
    "hides its cause": (
        "class E(Exception):\n    @property\n    def __cause__(self): raise SystemExit\n"
        "E.__module__ = 5\nraise E('seen')"
    ),
    "names half a character": "class E(Exception): pass\nE.__name__ = chr(0xd800)\nraise E",
    "has 30,000 causes": (
        "e = None\nfor i in range(30_000):\n    n = ValueError(i); n.__cause__ = e; e = n\nraise e"
    ),
    "is a group of 20,000": "raise ExceptionGroup('g', [ValueError(i) for i in range(20_000)])",
    "is of code nested 20,000 deep": "y = x" + "[0]" * 20_000,
    "is a strange syntax error": "raise SyntaxError('x', (b'a', 'l', None, 4))",
}
"""Exceptions that are hard to show."""

BAD = {
    **ODD,
    "shows what is no output": (
        "from IPython.display import publish_display_data\n"
        "publish_display_data({'image/png': '!', 'text/plain': ['a', 1]})\n"
        "get_ipython().payload_manager.write_payload({'source': 'ask_exit'})"
    ),
    "sleeps": "import time; time.sleep(60)",
    "floods": "while True: print('x' * 10_000)",
    "goes on": "print('alive')",
    "forges": (
        "from _pset4.start import _channels\n"
        "c = _channels[0]\n"
        "c.send('probe', {'probe': 'conv1d_forward', 'calls': []})\n"
        "c.send('run-open', {'run': '../x', 'function': '', 'class_id': 1, 'weights': '',"
        " 'in_features': None})\n"
        "c.send('nonsense', {})\n"
        "c._nonce = 'guess'\n"
        "c.send('model', {'weights': '', 'in_features': 2048})\n"
        "c._nonce = 'n0'"
    ),
    "ignores the interrupt": (
        "while True:\n    try:\n        time.sleep(60)\n    except KeyboardInterrupt:\n        pass"
    ),
    "never runs": "print('no')",
}


@pytest.fixture(scope="module")
def bad(run_cells: Run) -> tuple[Evidence, set[int]]:
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    limits = Limits(cell_timeout_s=5.0, output_mib_per_cell=1.0)
    evidence, _, _ = run_cells(*BAD.values(), limits=limits)
    after = {process.pid for process in psutil.Process().children(recursive=True)}
    return evidence, after - before


def test_each_limit_has_its_outcome(bad: tuple[Evidence, set[int]]) -> None:
    outcomes = {list(BAD)[run.cell_index]: run.outcome for run in bad[0].cells}
    assert outcomes == {
        **dict.fromkeys(ODD, Outcome.STUDENT_ERROR),
        "shows what is no output": Outcome.PASS,
        "sleeps": Outcome.TIMEOUT,
        "floods": Outcome.RESOURCE_LIMIT,
        "goes on": Outcome.PASS,
        "forges": Outcome.PASS,
        "ignores the interrupt": Outcome.TIMEOUT,
    }
    ended = [run for run in bad[0].cells[len(ODD) :] if run.outcome is not Outcome.PASS]
    assert all(run.error_message for run in ended)


def test_an_odd_exception_ends_its_own_cell_soon_and_can_be_read(
    bad: tuple[Evidence, set[int]],
) -> None:
    for name, run in zip(BAD, bad[0].cells, strict=False):
        if name in ODD:
            assert run.error_name.isprintable(), name
            assert run.error_name
            assert run.error_message.isprintable(), name
            assert run.seconds < 5, name  # the limit of a cell here


def test_what_is_no_output_of_a_notebook_is_left_out_and_noted(
    bad: tuple[Evidence, set[int]],
) -> None:
    left_out = [n.message for n in bad[0].notes if n.message.startswith("Output left out in")]
    cell = cell_label(list(BAD).index("shows what is no output"))
    assert [cell in message for message in left_out] == [True]


def test_functions_without_an_end_are_timeouts_heeding_the_interrupt_or_not(run_cells: Run) -> None:
    evidence, _, _ = run_cells(
        "import time\ndef conv1d_forward(x, w):\n    time.sleep(60)",
        "def generate_adversarial_example(model_fn, x, class_id, n_iter=200):\n"
        "    raise ValueError('no answer within reach')",
        "import torch\ngenerate_adversarial_example(None, torch.zeros(1, 3, 8, 8), 1)",
        "def maxpool1d_forward(x, k):\n    while True:\n        try:\n            time.sleep(60)\n"
        "        except KeyboardInterrupt:\n            pass",
        probes=probes_of(load_assignment(), 5),
        limits=Limits(probe_timeout_s=2.0, interrupt_grace_s=1.0),
    )
    outcomes = {reply.probe_id: reply.outcome for reply in evidence.replies}
    assert outcomes["conv1d_forward"] is Outcome.TIMEOUT
    assert outcomes["maxpool1d_forward"] is Outcome.TIMEOUT
    (run,) = evidence.runs
    assert (run.error_name, run.error_message) == ("ValueError", "no answer within reach")


def test_what_takes_long_is_told_with_its_limit(run_cells: Run) -> None:
    endless = "def conv1d_forward(x, w):\n    while True:\n        pass"
    _, _, seen = run_cells(
        "import time\ntime.sleep(5.5)",
        endless,
        probes=probes_of(load_assignment(), 5),
        limits=Limits(probe_timeout_s=6.0),
    )
    told = {progress.label for progress in seen if progress.waiting}
    assert {
        "cell 1, still running, for up to 20 min",
        "calling conv1d_forward, still running, for up to 6 s",
    } <= told


def test_code_that_is_no_python_is_named_by_its_cell(run_cells: Run) -> None:
    evidence, _, _ = run_cells("x = 1", "y = 1\nprint((x)", "if x:\npass")
    _, unclosed, flat = evidence.cells
    assert unclosed.error_name == "SyntaxError"
    assert unclosed.error_message.endswith("(cell 2, line 2)")
    assert flat.error_name == "IndentationError"
    assert flat.error_message.endswith("(cell 3, line 2)")


def test_no_process_is_left(bad: tuple[Evidence, set[int]]) -> None:
    assert bad[1] == set()


def test_forged_messages_are_dropped_and_noted(bad: tuple[Evidence, set[int]]) -> None:
    evidence = bad[0]
    assert (evidence.replies, evidence.runs, evidence.models) == ((), (), ())
    notes = " ".join(n.message for n in evidence.notes)
    for sign in ("was not asked", "error for RunOpen", "unknown kind", "nonce"):
        assert sign in notes
    assert len([n for n in evidence.notes if n.code == "kernel-message"]) == 4 + 1


def test_kernel_that_ends_itself(run_cells: Run) -> None:
    evidence, _, _ = run_cells("x = 1", "import os; os.abort()", "y = 1")
    assert [run.outcome for run in evidence.cells] == [Outcome.PASS, Outcome.STUDENT_ERROR]
    assert evidence.cells[1].error_name == "KernelDied"

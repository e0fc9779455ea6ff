"""Cells that no part needs: errors, exits, prompts, plots; and global state changed at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.accuracy.forms.form import Draft, Form, after_setup, at_end, at_start, depths

ENDING_CELLS = {
    "value-error": "raise ValueError('just trying')",
    "name-error": "undefined_name",
    "zero-division": "scratch = 1\nscratch / 0",
    "syntax-error": "for i in range(3) print(i)",
    "indentation": "if True:\nprint(1)",
    "assertion": "assert 1 + 1 == 3, 'why'",
    "keyboard-interrupt": "raise KeyboardInterrupt",
    "system-exit": "import sys\nsys.exit()",
    "system-exit-text": "raise SystemExit('stop here')",
    "recursion": "def again():\n    return again()\n\nagain()",
    "own-exception": "class Stop(BaseException):\n    pass\n\nraise Stop",
    "exception-group": "raise ExceptionGroup('several', [ValueError(1), TypeError(2)])",
    "import-error": "import a_module_that_nobody_has",
    "file-missing": "open('/content/drive/My Drive/notes.txt')",
    "bad-shape": "import numpy\nnumpy.ones(3) @ numpy.ones(4)",
    "surrogate": "raise ValueError('\\ud800')",
    "unknown-magic": "%nosuchmagic",
    "stub": "loss = # Your code here.",
    "prompt": "answer = input('Continue? ')",
    "getpass": "import getpass\ngetpass.getpass()",
    "failing-assert-magic": "%%time\nraise RuntimeError('slow')",
    "breakpoint": "breakpoint()",
    "pdb": "import pdb\npdb.set_trace()",
    "return-outside": "return 3",
    "await-nothing": "await 3",
    "tensor-error": "import torch\ntorch.ones(2, 3) @ torch.ones(2, 3)",
    "exit-quiet": "import sys\ntry:\n    sys.exit(1)\nexcept SystemExit:\n    print('left')",
}
"""Cells that end by an exception, at the start, behind the imports and at the end."""

SELF_TESTS = {
    "self-test": "print(conv1d_forward([1, 2, 3], [1, 0, 1]), maxpool1d_forward([3, 1, 2], 2))",
    "self-test-fails": "conv1d_forward('abc', 3)",
    "self-test-asserts": "assert (conv1d_forward([1, 2, 3], [1]) == 7).all()",
    "self-test-of-softmax": "output2prob(torch.zeros(3, 5))\noutput2prob(None)",
}
"""Behind everything else: calls of the answers' functions, some of which end badly."""

EXPERIMENTS = {
    "other-target": (
        "step = StepImage(starting_image, step_size=0.01, renorm=True)\n"
        "extra = generate_adversarial_example(model, starting_image.clone(), 100, n_iter=1)"
    ),
    "fails": "generate_adversarial_example(model, None, 76, n_iter=2)",
    "few-steps": (
        "step = StepImage(starting_image, step_size=3, renorm=True)\n"
        "extra = generate_adversarial_example(model, starting_image.clone(), 282, n_iter=2)"
    ),
}
"""Behind everything else: attacks that were not asked for. One that succeeds would earn 4(f)."""

EXITS = {"exit": "exit()", "quit": "quit()", "exit-name": "exit"}
"""What ends an interactive session: only at the end, for before it a student has no results."""

HARMLESS_CELLS = {
    "plot": "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3])\nplt.title('x')\nplt.show()",
    "many-plots": (
        "import matplotlib.pyplot as plt\nfor i in range(25):\n    plt.figure(figsize=(1, 1))\n"
        "    plt.plot([i])"
    ),
    "much-text": "for i in range(3000):\n    print('line', i)",
    "carriage-returns": "for i in range(200):\n    print(i, end='\\r')",
    "stderr": "import sys\nprint('careful', file=sys.stderr)",
    "warning": "import warnings\nwarnings.warn('careful')",
    "display-html": "from IPython.display import HTML\nHTML('<h1>done</h1>')",
    "display-clear": "from IPython.display import clear_output\nprint(1)\nclear_output(wait=True)",
    "widget-progress": "from tqdm import tqdm_notebook as t\nfor _ in t(range(3)):\n    pass",
    "sleep": "import time\ntime.sleep(0.1)",
    "thread": (
        "import threading\nimport time\nworker = threading.Thread(target=time.sleep, args=(600,), "
        "daemon=True)\nworker.start()"
    ),
    "pool": (
        "import multiprocessing\nwith multiprocessing.Pool(2) as pool:\n"
        "    print(pool.map(abs, [-1, -2]))"
    ),
    "subprocess": "import subprocess\nsubprocess.run(['true'], check=True)",
    "trailing-semicolon": "x_scratch = 3;\nx_scratch;",
    "ellipsis": "...",
    "big-array": "import numpy\nnumpy.arange(10 ** 6)",
    "unicode-output": "print('\U0001f436 Λ \\x1b[31mred\\x1b[0m')",
    "underscore-results": "1 + 1\n_\n__\n___",
    "in-out": "print(len(In), len(Out))",
    "help": "help(len)",
    "locals": "sorted(locals())[:5]",
}
"""Cells that end well."""

STATE_AT_END = {
    "grad-off": "torch.set_grad_enabled(False)",
    "inference-mode": "torch.inference_mode().__enter__()",
    "float64": "torch.set_default_dtype(torch.float64)",
    "float16": "torch.set_default_dtype(torch.float16)",
    "default-device": "torch.set_default_device('meta')",
    "seeds": "import random\nrandom.seed(1)\nnp.random.seed(1)\ntorch.manual_seed(1)",
    "warnings-as-errors": "import warnings\nwarnings.simplefilter('error')",
    "numpy-errors": "np.seterr(all='raise')",
    "working-directory": "os.chdir('/tmp')",
    "print-options": "np.set_printoptions(threshold=3)\ntorch.set_printoptions(threshold=3)",
    "threads": "torch.set_num_threads(2)",
    "anomalies": "torch.autograd.set_detect_anomaly(True)",
    "deterministic": "torch.use_deterministic_algorithms(True)",
    "no-imports-left": "del np, torch, F",
    "deleted-results": "del model, img, output, batch",
    "deleted-builtins-shadow": "list = [1, 2, 3]\nsum = 0\nmax = 1\nmin = 0",
    "shadowed-len": "len = 3\nrange = 4\nzip = 5\nenumerate = 6",
    "shadowed-print": "print = None\nopen = None\nisinstance = None",
    "shadowed-type": "type = 'conv'\nid = 7\nstr = 'x'\nint = 3\nfloat = 2\ntuple = ()\ndict = {}",
    "shadowed-modules": "time = 3\nsys = 'x'\njson = None\nre = 1",
    "rebound-np": "np = None\ntorch = None",
    "patched-builtins": "import builtins\nbuiltins.print = lambda *_, **__: None",
    "closed-figures": "plt.close('all')",
    "backend": "import matplotlib\nmatplotlib.use('agg')",
    "stdout": "import io\nimport sys\nsys.stdout = io.StringIO()",
    "recursion-limit": "import sys\nsys.setrecursionlimit(300)",
    "no-gc": "import gc\ngc.disable()",
    "empty-environment": "os.environ.clear()",
    "no-path": "import sys\nsys.path.clear()",
    "excepthook": "import sys\nsys.excepthook = lambda *_: None",
    "showtraceback": "get_ipython().showtraceback = lambda *_, **__: None",
    "custom-exc": (
        "get_ipython().set_custom_exc((Exception,), lambda self, kind, error, trace, "
        "tb_offset=None: print('oops'))"
    ),
    "post-hooks": "get_ipython().events.register('post_run_cell', lambda *_: print('ran'))",
    "ast-node": "get_ipython().ast_node_interactivity = 'all'",
    "pdb-on": "%pdb on",
    "logging-off": "import logging\nlogging.disable(logging.CRITICAL)",
    "x-and-w": "x, w, k, n, g, p = 1, 2, 3, 4, 5, 6",
    "train-mode": "model.train()",
    "profile": "import sys\nsys.setprofile(lambda *_: None)",
    "trace": "import sys\nsys.settrace(lambda *_: None)",
    "underscore": "_ = 3\n__ = 4",
}
"""Behind everything else."""

WITH_ATTACKS = frozenset(
    {"grad-off", "float64", "warnings-as-errors", "numpy-errors", "shadowed-len"}
)


def by_scratch() -> Iterator[Form]:
    """Every form of this file."""
    for name, source in ENDING_CELLS.items():
        places: dict[str, Callable[[Draft], None]] = {
            "before": at_start(source),
            "between": after_setup(source),
            "after": at_end(source),
        }
        for place, change in places.items():
            yield Form(
                id=f"scratch-{name}-{place}",
                kind=f"scratch cell ends by an exception, {place}",
                change=change,
                depths=depths(name, ("name-error", "zero-division", "system-exit")),
                zone=f"exception {place}",
            )
    for name, source in SELF_TESTS.items():
        yield Form(id=f"scratch-{name}", kind="self-test", change=at_end(source))
    for name, source in EXPERIMENTS.items():
        yield Form(
            id=f"scratch-attack-{name}",
            kind="self-test",
            change=at_end(source),
            depths=("attacks",),
            zone="end",
            attempts="4f" if name == "other-target" else "",
        )
    for name, source in EXITS.items():
        yield Form(
            id=f"scratch-{name}-after",
            kind="scratch cell ends the session",
            change=at_end(source),
            zone="end",
        )
    for name, source in HARMLESS_CELLS.items():
        yield Form(id=f"scratch-{name}", kind="scratch cell", change=_before_and_after(source))
    for name, source in STATE_AT_END.items():
        yield Form(
            id=f"state-{name}",
            kind="state changed at the end",
            change=at_end(source),
            depths=depths(name, WITH_ATTACKS),
            zone="end",
        )


def _before_and_after(source: str) -> Callable[[Draft], None]:
    def apply(draft: Draft) -> None:
        at_start(source)(draft)
        at_end(source)(draft)

    return apply

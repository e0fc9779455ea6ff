"""IPython's magics and shell lines, and Colab's set-up lines, anywhere in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.accuracy.forms.form import (
    BUILTINS,
    Draft,
    Form,
    after_setup,
    at_end,
    at_start,
    between_all,
    code_cells,
    depths,
    each_source,
    in_setup,
)

OVER_EVERY_CELL = {
    "time": "%%time",
    "capture": "%%capture",
    "capture-out": "%%capture out",
    "capture-no-stderr": "%%capture --no-stderr",
    "prun": "%%prun -q",
    "time-after-comment-line": "\n%%time",
}
"""Cell magics that run the cell in the notebook's own namespace."""

OWN_CELLS = {
    "bash": "%%bash\necho hello",
    "sh-failing": "%%sh\nfalse",
    "html": "%%html\n<b>Results</b>",
    "javascript": "%%javascript\nconsole.log(1)",
    "latex": "%%latex\n$x_{out}$",
    "markdown": "%%markdown\n# Notes",
    "writefile": "%%writefile notes.txt\nremember the milk",
    "timeit": "%%timeit -n 1 -r 1\nsum(range(10))",
    "script": "%%script bash\nls",
    "python-block": "%%python3\nprint('apart')",
    "who": "%who",
    "whos": "%whos",
    "pwd": "%pwd",
    "ls": "!ls -la",
    "ls-magic": "%ls",
    "captured-shell": "listing = !ls\nprint(len(listing))",
    "nvidia-smi": "!nvidia-smi",
    "help": "np.pad?",
    "help-before": "?np.pad",
    "source": "np.pad??",
    "failing-command": "!exit 3",
    "history": "%history -n 1-2",
    "lsmagic": "%lsmagic",
    "env": "%env OMP_NUM_THREADS=1",
    "time-line": "%time np.ones(3)",
    "timeit-line": "%timeit -n 1 -r 1 np.ones(3)",
    "reset-selective": "%reset_selective -f ^nothing_of_that_name$$",
    "usage-of-doctest": "%doctest_mode\n%doctest_mode",
    "cd-and-back": "%cd /tmp\n%cd -",
    "debugger": "%debug",
}
"""Cells that no part needs."""

SETUP_LINES = {
    "matplotlib-inline": "%matplotlib inline",
    "retina": "%config InlineBackend.figure_format = 'retina'",
    "pip-bang": "!pip install -q tqdm",
    "pip-percent": "%pip install -q tqdm",
    "pip-upgrade": "!pip3 install --upgrade torch torchvision > /dev/null 2>&1",
    "conda-like": "import sys\n!{sys.executable} -m pip install tqdm",
    "apt": "!apt-get -qq install -y graphviz",
    "wget": "!wget -q http://6.869.csail.mit.edu/fa19/psets19/pset6/WelshCorgi.jpeg",
    "curl": "!curl -sO http://6.869.csail.mit.edu/fa19/psets19/pset6/imagenet_classes.txt",
    "autoreload": "%load_ext autoreload\n%autoreload 2",
    "mount": "from google.colab import drive\ndrive.mount('/content/drive')",
    "colab-files": "from google.colab import files",
    "mkdir": "!mkdir -p results figures",
    "precision": "%precision 4",
    "warnings-off": "import warnings\nwarnings.filterwarnings('ignore')",
    "gpu-info": "gpu_info = !nvidia-smi\ngpu_info = '\\n'.join(gpu_info)\nprint(gpu_info)",
    "debug-off": "%pdb off",
    "xmode": "%xmode Verbose",
    "alias": "%alias list_here ls",
    "reset": "%reset -f",
    "reset-soft": "%reset -sf",
    "gc": "import gc\ngc.collect()\ntorch.cuda.empty_cache()",
    "seeds": (
        "import random\nrandom.seed(0)\nnp.random.seed(0)\ntorch.manual_seed(0)\n"
        "torch.cuda.manual_seed_all(0)"
    ),
    "cudnn": "torch.backends.cudnn.deterministic = True\ntorch.backends.cudnn.benchmark = False",
    "style": "plt.style.use('ggplot')\nplt.rcParams['figure.figsize'] = (10, 8)",
    "print-options": "np.set_printoptions(precision=3)\ntorch.set_printoptions(precision=3)",
    "numpy-star": "from numpy import *",
    "math-star": "from math import *",
    "pylab": "%pylab inline",
    "widgets": "import ipywidgets as widgets\nfrom ipywidgets import interact",
    "autosave": "%autosave 60",
    "logging": "import logging\nlogging.basicConfig(level=logging.DEBUG)",
}
"""Lines of a set-up cell."""

NUMPY_NAMES = frozenset({"numpy-star", "pylab"})
"""Lines after which `sum` and `max` are NumPy's: code that calls Python's is wrong behind them."""
NEEDS_IMPORTS = frozenset({"gc", "seeds", "cudnn", "style", "print-options"})
"""Lines that are of use only behind the imports."""

COLAB_TITLES = {
    "title": '#@title Solution { display-mode: "form" }',
    "markdown": "#@markdown Run this cell.",
}


def by_magic() -> Iterator[Form]:
    """Every form of this file."""
    for name, line in OVER_EVERY_CELL.items():
        yield Form(
            id=f"over-every-cell-{name}",
            kind="magic over every cell",
            change=_over_every_cell(line),
            depths=depths(name, ("time", "capture")),
            zone="first line",
        )
    for name, source in OWN_CELLS.items():
        yield Form(id=f"cell-{name}", kind="cell of magics", change=_around(source))
    yield Form(id="cell-ls-everywhere", kind="cell of magics", change=between_all("!ls"))
    for name, lines in SETUP_LINES.items():
        places: dict[str, Callable[[Draft], None]] = {
            "first": at_start(lines),
            "inside": in_setup(before=lines),
        }
        if name in NEEDS_IMPORTS:
            places = {"behind": after_setup(lines), "inside": in_setup(after=lines)}
        # Nothing may stand in front of what takes all names away.
        zone = "cells" if name.startswith("reset") else ""
        if name in NUMPY_NAMES:
            zone = BUILTINS
        for place, change in places.items():
            yield Form(id=f"setup-{name}-{place}", kind="set-up line", change=change, zone=zone)
    for name, line in COLAB_TITLES.items():
        yield Form(
            id=f"colab-{name}",
            kind="text of cells",
            change=each_source(lambda source, line=line: f"{line}\n{source}"),  # type: ignore[misc]
            zone="text|first line",
        )
    yield Form(id="line-time-before-calls", kind="line magics", change=_time_lines, zone="calls")


def _over_every_cell(line: str) -> Callable[[Draft], None]:
    def apply(draft: Draft) -> None:
        for cell in code_cells(draft):
            if not cell.source.lstrip().startswith("%%"):
                cell.source = f"{line}\n{cell.source}"

    return apply


def _around(source: str) -> Callable[[Draft], None]:
    """Behind the imports, and at the end."""

    def apply(draft: Draft) -> None:
        after_setup(source)(draft)
        at_end(source)(draft)

    return apply


def _time_lines(draft: Draft) -> None:
    """`%time` in front of what a cell computes."""
    for cell in code_cells(draft):
        cell.source = "\n".join(
            f"%time {line}" if line.startswith(("prob = ", "probs = ", "batch = ")) else line
            for line in cell.source.split("\n")
        )

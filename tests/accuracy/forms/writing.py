"""Names of variables and helpers changed, and code that computes the same in other words."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable, Iterator, Mapping

from tests.accuracy.forms.bindings import definitions
from tests.accuracy.forms.form import (
    Draft,
    Form,
    after_setup,
    between_all,
    code_cells,
    depths,
    each_source,
    in_setup,
)

RENAMES: dict[str, Mapping[str, str]] = {
    "model": {"model": "resnet"},
    "picture": {"img": "corgi_bgr", "batch": "network_input"},
    "results": {"output": "logits_out", "prob": "softmaxed", "probs": "softmaxed"},
    "classes": {"imagenet_classes_short": "short_names", "imagenet_classes": "all_names"},
    "helpers": {"plot_top_classes": "show_bars", "download": "fetch", "obtain_image": "as_pil"},
    "prepare": {"prepare_image": "preprocess", "normalize": "to_normalized"},
    "attack": {"batch_tensor": "adversarial", "starting_image": "x_start", "initial_image": "x0"},
    "step": {"step": "stepper"},
    "step-class": {"StepImage": "Stepper"},
    "attack-locals": {"logit": "z", "loss": "objective", "gradient": "dx"},
    "device": {"device": "dev", "cuda_available": "has_gpu"},
    "layer-locals": {"padded": "xp", "grad_padded": "dxp", "grad_x": "dx", "grad_w": "dw"},
    "to-builtins": {"output": "vars", "batch": "input", "img": "dir"},
    "to-hidden": {"output": "_output", "batch": "_batch", "img": "__img"},
    "to-capitals": {"output": "OUTPUT", "batch": "BATCH"},
    "to-math": {"output": "y_hat", "batch": "X", "prob": "p_hat", "probs": "p_hat"},
}
"""Old and new name; names that the assignment gives to functions which are asked stay."""

ATTACKS_ONLY = frozenset({"attack", "step", "step-class", "attack-locals"})
BOTH = frozenset({"model", "helpers", "prepare", "classes"})


def by_writing() -> Iterator[Form]:
    """Every form of this file."""
    for name, names in RENAMES.items():
        only = name in ATTACKS_ONLY
        yield Form(
            id=f"rename-{name}",
            kind="renamed",
            change=each_source(renaming(names)),
            depths=("attacks",) if only else depths(name, BOTH),
            zone="names",
        )
    yield Form(id="rename-parameters", kind="renamed", change=_rename_parameters, zone="names")
    yield from _progress_bars()
    yield from _gradients()
    yield from _plots()


def renaming(names: Mapping[str, str]) -> Callable[[str], str]:
    """Rename variables; attributes, keyword arguments and texts stay."""

    def change(source: str) -> str:
        try:
            tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
        except (tokenize.TokenError, SyntaxError):
            return source
        lines = source.split("\n")
        for place in reversed(range(len(tokens))):
            token = tokens[place]
            new = names.get(token.string) if token.type == tokenize.NAME else None
            if new is None or _is_fixed(tokens, place):
                continue
            row, column = token.start
            line = lines[row - 1]
            lines[row - 1] = line[:column] + new + line[column + len(token.string) :]
        return "\n".join(lines)

    return change


def _is_fixed(tokens: list[tokenize.TokenInfo], place: int) -> bool:
    """Whether the name is an attribute's, a method's or an argument's, `name=` in brackets."""
    if tokens[place - 1].string == "." or tokens[place + 2].string == "self":
        return True
    if tokens[place + 1].string != "=":
        return False
    before = "".join(t.string for t in tokens[:place] if t.type == tokenize.OP)
    return before.count("(") > before.count(")")


def _rename_parameters(draft: Draft) -> None:
    """The arguments of the layer functions in other words."""
    new = {"x": "signal", "w": "kernel", "k": "window", "grad_out": "upstream", "lr": "eta"}
    for cell in code_cells(draft):
        lines = cell.source.split("\n")
        for first, last, definition in definitions(cell.source):
            if "1d" in definition.name:
                lines[first:last] = renaming(new)(definition.source).split("\n")
        cell.source = "\n".join(lines)


def _progress_bars() -> Iterator[Form]:
    for name, line in {
        "notebook": "from tqdm.notebook import tqdm",
        "plain": "from tqdm import tqdm",
        "old-notebook": "from tqdm import tqdm_notebook as tqdm",
        "std": "from tqdm.std import tqdm",
        "none": "tqdm = iter",
        "function": "def tqdm(iterable, **_):\n    return iterable",
    }.items():
        yield Form(
            id=f"tqdm-{name}",
            kind="progress bars",
            change=in_setup(after=line),
            depths=("attacks",),
            zone="tqdm",
        )


def _gradients() -> Iterator[Form]:
    """Ways to say that the predictions need no gradient, or that they may have one."""
    ways: dict[str, Callable[[str], str]] = {
        "no-grad-everywhere": _predictions("with torch.no_grad():\n    output = model(batch)"),
        "inference-mode": _predictions("with torch.inference_mode():\n    output = model(batch)"),
        "detach": _predictions("output = model(batch).detach()"),
        "data": _predictions("output = model(batch).data"),
        "cpu": _predictions("output = model(batch).detach().cpu()"),
        "with-gradient": _predictions("output = model(batch)"),
        "forward-called": _predictions("output = model.forward(batch)"),
        "dunder-call": _predictions("output = model.__call__(batch)"),
        "eval-in-line": _predictions("output = model.eval()(batch)"),
        "twice": _predictions("output = model(batch)\noutput = model(batch)"),
        "in-function": _predictions(
            "def predict(image):\n    with torch.no_grad():\n        return model(image)\n\n"
            "output = predict(batch)"
        ),
        "set-grad": _predictions(
            "torch.set_grad_enabled(False)\noutput = model(batch)\ntorch.set_grad_enabled(True)"
        ),
        "decorator": _predictions(
            "@torch.no_grad()\ndef predict(net, image):\n    return net(image)\n\n"
            "output = predict(model, batch)"
        ),
        "numpy-shown": lambda text: text.replace(
            "plot_top_classes(prob)", "plot_top_classes(prob)\nprint(prob.detach().numpy().max())"
        ),
        "parameters-frozen": lambda text: text.replace(
            "model.eval()\n",
            "model.eval()\nfor p in model.parameters():\n    p.requires_grad_(False)\n",
        ),
        "eval-in-chain": lambda text: text.replace(
            "model = model.to(device)\nmodel.eval()", "model = model.to(device).eval()"
        ),
        "train-false": lambda text: text.replace("model.eval()", "model.train(False)"),
    }
    for name, change in ways.items():
        yield Form(
            id=f"predict-{name}",
            kind="other words for the same",
            change=each_source(change),
            zone="predict",
        )


def _predictions(lines: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        text = text.replace(
            "with torch.no_grad():\n    output = model(batch)", "output = model(batch)"
        )
        return re.sub(r"^output = model\(batch\)$", lambda _: lines, text, flags=re.MULTILINE)

    return change


def _plots() -> Iterator[Form]:
    for name, source in {
        "histogram": "plt.figure()\nplt.hist(np.zeros(10))\nplt.show()",
        "unshown": "plt.plot([1, 2])",
        "nothing": "pass",
        "shapes": "print(torch.ones(2).shape)",
    }.items():
        yield Form(
            id=f"plots-{name}-everywhere",
            kind="extra plots",
            change=_behind_setup(between_all(source)),
            zone="plots",
        )
    yield Form(
        id="plots-of-picture",
        kind="extra plots",
        change=after_setup("plt.imshow(np.zeros((4, 4, 3)))\nplt.title('x')\nplt.savefig('x.png')"),
        zone="plots",
    )


def _behind_setup(change: Callable[[Draft], None]) -> Callable[[Draft], None]:
    """Only in the cells behind the imports."""

    def apply(draft: Draft) -> None:
        cells = draft.notebook.cells
        place = 1 + next(i for i, cell in enumerate(cells) if "import torch" in cell.source)
        draft.notebook.cells = cells[place:]
        change(draft)
        draft.notebook.cells = [*cells[:place], *draft.notebook.cells]

    return apply

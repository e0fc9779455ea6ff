"""Modules of Colab that are not installed here: imported without a word, they complain in use.

Many set-up cells import more than the notebook needs. Only imports that the notebook's own cells
write are answered so, never a library's, which looks whether a module is there; nor one inside of
`try`, which has an answer of its own.
"""

from __future__ import annotations

import ast
import builtins
import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

HOOK = "__pset4_absent__"
ABSENT = frozenset(
    """
    accelerate advertorch albumentations altair apex autograd bokeh captum chex cleverhans clip
    comet_ml cupy datasets detectron2 diffusers dlib efficientnet_pytorch fastai fastprogress ffmpeg
    flax foolbox fvcore gensim gradio graphviz gspread gym gymnasium haiku hydra imgaug imutils
    ipdb ipyplot jax jaxlib kaggle keras kornia librosa lightgbm lightning line_profiler lpips
    lucent mediapipe memory_profiler missingno mlflow mmcv moviepy nltk numba omegaconf open_clip
    openai opt_einsum optax optuna patsy pretrainedmodels ptflops pycocotools pydot pydrive pydrive2
    pytorch_lightning ray robustness soundfile spacy statsmodels streamlit tensorboard tensorboardX
    tensorboard_plugin_profile tensorflow tensorflow_addons tensorflow_datasets tensorflow_hub
    tf_keras thop tokenizers torch_xla torchaudio torchattacks torchbearer torchdata torchmetrics
    torchtext torchviz transformers ultralytics visdom wandb xgboost xmltodict
    """.split()  # noqa: SIM905 -- a table
)
"""What people import beside what `pyproject.toml` installs, by the name of the package."""

_USES = (
    "call", "getitem", "setitem", "delitem", "iter", "next", "len", "bool", "contains", "enter",
    "exit", "add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "matmul", "rmatmul",
    "neg", "pos", "abs", "lt", "le", "gt", "ge", "int", "float", "index", "array", "mro_entries",
)  # fmt: skip
"""Special methods by which a value is used."""


class StandIn:
    """A module that is not installed, or anything in it: every use but looking into it raises."""

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "_name", name)

    def __getattr__(self, name: str) -> Any:
        if name == "__version__":
            return "not installed"
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return StandIn(f"{self._name}.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        """A setting of a module that is not there changes nothing."""

    def __instancecheck__(self, instance: Any) -> bool:
        return False

    def __repr__(self) -> str:
        return f"<{self._name}, which is not installed>"


def _complaint() -> Callable[..., Any]:
    def use(self: StandIn, *_: Any, **__: Any) -> Any:
        package = self._name.partition(".")[0]
        raise ModuleNotFoundError(
            f"{self._name} is used, but {package} is not installed where the grader runs",
            name=package,
        )

    return use


for _use in _USES:
    setattr(StandIn, f"__{_use}__", _complaint())


class AbsentImports(ast.NodeTransformer):
    """Takes imports apart, one name each, and gives stand-ins for what is not installed."""

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """Leave a module as it is that cannot be gone through; IPython would drop all of this."""
        try:
            self.generic_visit(node)
        except Exception:  # noqa: BLE001 -- code nested too deep, as a sum of a thousand terms
            return node
        return node

    def visit_Try(self, node: ast.Try) -> ast.Try:
        """Leave what is tried as it is: the notebook has an answer to a missing module."""
        for field in ("handlers", "orelse", "finalbody"):
            statements = (self.visit(one) for one in getattr(node, field))
            setattr(node, field, list(_flat(statements)))
        return node

    def visit_Import(self, node: ast.Import) -> list[ast.stmt]:
        """`import a, b as c`: one statement each."""
        return [_located(_import(alias), node) for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> list[ast.stmt]:
        """`from a import b, c`: one statement each."""
        return [_located(_import_from(node, alias), node) for alias in node.names]


def _flat(results: Iterator[Any]) -> Iterator[ast.AST]:
    for one in results:
        yield from one if isinstance(one, list) else [one]


def _import(alias: ast.alias) -> ast.stmt:
    if not _is_absent(alias.name):
        return ast.Import([alias])
    package = alias.name.partition(".")[0]
    return _assignment(alias.asname or package, alias.name if alias.asname else package)


def _import_from(node: ast.ImportFrom, alias: ast.alias) -> ast.stmt:
    if node.level or node.module is None or alias.name == "*" or not _is_absent(node.module):
        return ast.ImportFrom(node.module, [alias], node.level)
    return _assignment(alias.asname or alias.name, f"{node.module}.{alias.name}")


def _assignment(name: str, stands_for: str) -> ast.stmt:
    made = ast.Call(ast.Name(HOOK, ast.Load()), [ast.Constant(stands_for)], [])
    return ast.Assign([ast.Name(name, ast.Store())], made)


def _located(made: ast.stmt, node: ast.stmt) -> ast.stmt:
    return ast.fix_missing_locations(ast.copy_location(made, node))


def _is_absent(module: str) -> bool:
    package = module.partition(".")[0]
    if package not in ABSENT:
        return False
    try:
        return importlib.util.find_spec(package) is None
    except (ImportError, ValueError):
        return False


def install(shell: Any) -> None:
    """Answer the imports of this shell's cells."""
    setattr(builtins, HOOK, StandIn)
    shell.ast_transformers.append(AbsentImports())

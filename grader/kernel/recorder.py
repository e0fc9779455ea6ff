"""Recorders: what the notebook's networks, attack function and steps did, as it happened.

Notebooks rebind their globals and load the robust weights into the same object, so facts are noted
at the moment they hold. A name is wrapped as soon as it is bound, in whatever way and even in the
middle of the cell: an AST transformer puts a look at the watched names between the statements.
Recorders never change a value and never raise into the student's code; the host recomputes
whatever is worth points.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from .bounds import PLOT
from .channel import Channel
from .layer_by_layer import watch_layers
from .looks import watch_looks
from .making import watch_making
from .names import is_from, note_names
from .plotted import wrap_plot
from .predictions import MODEL, network_bound, note_model, watch_predictions
from .runs import ATTACK, attack_ends, wrap_attack
from .state import remember, shielded, state_of
from .steps import wrap_stepper

STEPPER = "StepImage"
HOOK = "__pset4_look__"
WATCHED = (ATTACK, STEPPER, MODEL, PLOT)
_INDIRECT = frozenset(
    {"exec", "eval", "globals", "locals", "vars", "setattr", "update", "import_module"}
    | {"run_line_magic", "run_cell_magic", "run_cell"}
)
"""Functions by which a statement may bind any name."""


@shielded
def look() -> None:
    """Wrap what stands under the watched names: called between the notebook's statements."""
    state = state_of()
    namespace = state.shell.user_ns
    _wrap_in(namespace)
    network = network_bound()
    if network is not state.model_seen:
        state.model_seen = network
        note_model()


def _wrap_in(namespace: dict[str, Any]) -> None:
    stepper = namespace.get(STEPPER)
    for name, wrap in ((ATTACK, wrap_attack), (PLOT, wrap_plot)):
        function = namespace.get(name)
        if callable(function) and not hasattr(function, "__pset4_original__"):
            namespace[name] = wrap(function)
    if isinstance(stepper, type):
        wrap_stepper(stepper)


@shielded
def _wrap_in_modules() -> None:
    """The same in the student's modules that the notebook holds."""
    state = state_of()
    for value in list(state.shell.user_ns.values()):
        if isinstance(value, ModuleType) and is_from(value, state.home):
            _wrap_in(vars(value))


def look_after_import() -> None:
    """Look, and into modules too."""
    look()
    _wrap_in_modules()


class BindHooks(ast.NodeTransformer):
    """Puts a look at the watched names between the module's statements.

    Inside blocks only behind statements that may bind one: a loop's body is run many times.
    """

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """Rewrite the module's own statements and those of its blocks, not of its functions."""
        try:
            return self._hooked(node)
        except Exception:  # noqa: BLE001 -- a thousand `elif`; IPython would take all hooks away
            return node

    def _hooked(self, node: ast.Module) -> ast.Module:
        body: list[ast.stmt] = []
        for number, statement in enumerate(node.body):
            # Before it and not behind: the last one's value is what the notebook shows.
            if number and not _is_future(statement):
                body.append(_hook(statement, node.body[number - 1]))
            _hook_blocks(statement)
            body.append(statement)
        node.body = body
        return node


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _hook(place: ast.stmt, behind: ast.stmt) -> ast.stmt:
    argument = ast.Constant(_may_bind_any(behind))
    call = ast.Call(ast.Name(HOOK, ast.Load()), [argument], [])
    # Only ours: to go through the student's would end at a deep one.
    return ast.fix_missing_locations(ast.copy_location(ast.Expr(call), place))


def _hook_blocks(statement: ast.stmt) -> None:
    for block in _blocks(statement):
        hooked: list[ast.stmt] = []
        for inner in block:
            _hook_blocks(inner)
            hooked.append(inner)
            if _may_bind(inner):
                hooked.append(_hook(inner, inner))
        block[:] = hooked


def _blocks(statement: ast.stmt) -> Sequence[list[ast.stmt]]:
    """The lists of statements inside one that bind into the same scope."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return ()
    holders = [
        statement,
        *getattr(statement, "handlers", ()),
        *getattr(statement, "cases", ()),
    ]
    names = ("body", "orelse", "finalbody")
    return [block for h in holders for name in names if (block := getattr(h, name, None))]


def _may_bind_any(node: ast.AST) -> bool:
    """Whether a statement may bind names that do not stand in it."""
    return any(
        isinstance(part, (ast.Import, ast.ImportFrom))
        or (isinstance(part, ast.Call) and _called(part) in _INDIRECT)
        for part in ast.walk(node)
    )


def _called(call: ast.Call) -> str:
    function = call.func
    return getattr(function, "id", "") or getattr(function, "attr", "")


def _may_bind(node: ast.stmt) -> bool:
    """Whether a statement, itself and not only in its blocks, may bind a watched name."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return node.name in WATCHED
    stored = {
        part.id
        for part in ast.walk(node)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }
    return bool(stored & set(WATCHED)) or _may_bind_any(node)


def _after_cell(*_: Any) -> None:
    """End an inline loop with its cell; look at names and networks."""
    state = state_of()
    state.predictions_of_cell = 0
    if state.run is None or not state.run.function:
        attack_ends(None, None)
    look_after_import()
    note_model()
    note_names()


def _looked(thoroughly: bool) -> None:
    if thoroughly:
        look_after_import()
    else:
        look()


def install(channel: Channel, shell: Any, seed: int, wanted: Sequence[str] = ()) -> None:
    """Start recording in this kernel; `wanted` are the names that probes will ask for."""
    remember(channel, shell, seed, wanted)
    setattr(builtins, HOOK, _looked)
    shell.ast_transformers.append(BindHooks())
    shell.events.register("post_run_cell", _after_cell)
    watch_making()
    watch_predictions()
    watch_layers()
    watch_looks()

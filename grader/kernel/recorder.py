"""Recorders: what the notebook's networks, attack function and steps did, as it happened.

Notebooks rebind their globals and load the robust weights into the same object, so facts are noted
at the moment they hold. A name is wrapped as soon as a cell binds it, even in the middle of the
cell: an AST transformer puts a call behind each such top-level statement. Recorders never change a
value and never raise into the student's code; the host recomputes whatever is worth points.
"""

from __future__ import annotations

import ast
import builtins
from typing import Any

from .channel import Channel
from .looks import watch_looks
from .predictions import MODEL, note_model, watch_predictions
from .runs import ATTACK, attack_ends, wrap_attack
from .state import remember, shielded, state_of
from .steps import wrap_stepper

STEPPER = "StepImage"
HOOK = "__pset4_bound__"
WATCHED = (ATTACK, STEPPER, MODEL)


@shielded
def bound(name: str) -> None:
    """Called right behind a top-level statement that binds a watched name."""
    namespace = state_of().shell.user_ns
    value = namespace.get(name)
    if name == ATTACK and callable(value) and not hasattr(value, "__pset4_original__"):
        namespace[name] = wrap_attack(value)
    elif name == STEPPER and isinstance(value, type):
        wrap_stepper(value)
    elif name == MODEL:
        note_model()


def _names_bound(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [t.id for t in node.targets if isinstance(t, ast.Name)]
    return []


class BindHooks(ast.NodeTransformer):
    """Puts a call of the hook behind each top-level statement that binds a watched name."""

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """Rewrite the module's own statements only."""
        body: list[ast.stmt] = []
        for statement in node.body:
            body.append(statement)
            for name in _names_bound(statement):
                if name in WATCHED:
                    call = ast.Call(ast.Name(HOOK, ast.Load()), [ast.Constant(name)], [])
                    body.append(ast.copy_location(ast.Expr(call), statement))
        node.body = body
        return ast.fix_missing_locations(node)


def _after_cell(*_: Any) -> None:
    """End an inline loop with its cell, and look at `model`."""
    state = state_of()
    state.predictions_of_cell = 0
    if state.run is None or not state.run.function:
        attack_ends(None, None)
    note_model()


def install(channel: Channel, shell: Any, seed: int) -> None:
    """Start recording in this kernel."""
    remember(channel, shell, seed)
    setattr(builtins, HOOK, bound)
    shell.ast_transformers.append(BindHooks())
    shell.events.register("post_run_cell", _after_cell)
    watch_predictions()
    watch_looks()

"""Which names a statement of a cell binds, changes, and reads. Its tree is looked at, never run."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def bound_names(statement: ast.stmt) -> set[str]:
    """Return the names that a statement binds in the notebook's own namespace."""
    names: set[str] = set()
    for node in _outside_of_functions(statement):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.ClassDef(name=name):
                names.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names |= {alias.asname or alias.name.partition(".")[0] for alias in aliases}
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.ExceptHandler(name=str(name)):
                names.add(name)
            case _:
                pass
    return names - {"*"}


def changed_names(statement: ast.stmt) -> set[str]:
    """Return the names whose values a statement may change in place: `x[0] = …`, `x.append(…)`."""
    names: set[str] = set()
    for node in _outside_of_functions(statement):
        match node:
            case ast.Call(func=ast.Attribute() as method):
                names.add(_root(method))
            case ast.Attribute(ctx=ast.Store()) | ast.Subscript(ctx=ast.Store()):
                names.add(_root(node))
            case _:
                pass
    return names - {""}


def read_names(statement: ast.stmt) -> set[str]:
    """Return the names that a statement reads, bodies of functions included.

    Not those that it gives a value itself before: arguments and other names of its functions,
    targets of its loops, of its comprehensions, and of `with`.
    """
    names: set[str] = set()
    own: set[str] = set()
    for node in ast.walk(statement):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                names.add(name)
            case ast.arg(arg=name):
                own.add(name)
            case ast.For(target=target) | ast.AsyncFor(target=target):
                own |= _stored(target)
            case (
                ast.comprehension(target=target) | ast.withitem(optional_vars=ast.expr() as target)
            ):
                own |= _stored(target)
            case ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body):
                own |= set().union(*map(_stored, body))
            case _:
                pass
    return names - own


def binds_unknown(statement: ast.stmt) -> bool:
    """Return whether a statement binds names that do not stand in it: `from x import *`, `%run`."""
    for node in _outside_of_functions(statement):
        match node:
            case ast.ImportFrom(names=[ast.alias(name="*")]):
                return True
            case ast.Call(func=ast.Name(id="exec")):
                return True
            case ast.Call(func=ast.Attribute(), args=[ast.Constant(value="run" | "pylab"), *_]):
                return True
            case _:
                pass
    return False


def _stored(node: ast.AST) -> set[str]:
    return {
        n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }


def arguments_of(statement: ast.stmt) -> set[str]:
    """Return the names that stand as arguments of calls in a statement."""
    calls = (node for node in _outside_of_functions(statement) if isinstance(node, ast.Call))
    given = (one for call in calls for one in (*call.args, *(k.value for k in call.keywords)))
    return {one.id for one in given if isinstance(one, ast.Name)}


def refilled_name(statement: ast.stmt) -> str:
    """Return the network that a statement fills anew: `x` in `x.load_state_dict(…)`, or nothing."""
    value = getattr(statement, "value", None)
    match value:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="load_state_dict")):
            return name
    return ""


def _outside_of_functions(statement: ast.stmt) -> Iterator[ast.AST]:
    """The nodes of a statement that run with it, not when a function is called."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _SCOPES):
            waiting.extend(ast.iter_child_nodes(node))


def _root(node: ast.AST) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""

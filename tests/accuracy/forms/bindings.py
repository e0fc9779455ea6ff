"""Every way in which Python and IPython bind a name: here those of the functions that are asked.

A template gets the pieces of one function: `$source` its definition, `$block` and `$block2` the
same, indented once and twice, `$my` another name and `$own` the definition under it, `$ownblock`
that one indented, `$params` and `$args` what stands in the brackets of its head and of a call.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from string import Template

from tests.accuracy.forms.form import Draft, Form, code_cells, depths, new_cell

LAYER_FUNCTIONS = (
    "conv1d_forward",
    "maxpool1d_forward",
    "conv1d_backward",
    "conv1d_update",
    "maxpool1d_backward",
    "output2prob",
)
FUNCTIONS = (*LAYER_FUNCTIONS, "generate_adversarial_example")
"""Names of the assignment that students write functions for."""

DEFS = "|".join(FUNCTIONS)
"""Zones of what writes all of them anew."""

HEAD = (
    "import numpy as np\nimport torch\nimport torch.nn.functional as F\n"
    "from typing import Any, Callable\n"
)
"""What a module with them needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One function of a cell."""

    name: str
    source: str
    params: str
    args: str

    def pieces(self) -> Mapping[str, str]:
        """What templates are filled with."""
        own = self.source.replace(f"def {self.name}(", f"def my_{self.name}(", 1)
        return {
            "name": self.name,
            "my": f"my_{self.name}",
            "source": self.source,
            "block": textwrap.indent(self.source, "    "),
            "block2": textwrap.indent(self.source, "    " * 2),
            "own": own,
            "ownblock": textwrap.indent(own, "    "),
            "params": self.params,
            "args": self.args,
            "text": repr(self.source),
        }


TEMPLATES: dict[str, str] = {
    # blocks
    "in-except": "try:\n    raise NameError('not yet')\nexcept NameError:\n$block",
    "in-try": "try:\n$block\nexcept ImportError:\n    pass",
    "in-try-else": "try:\n    pass\nexcept ImportError:\n    pass\nelse:\n$block",
    "in-finally": "try:\n    pass\nfinally:\n$block",
    "in-match": "match 'mine':\n    case 'theirs':\n        pass\n    case _:\n$block2",
    "in-if": "if True:\n$block",
    "in-else": "if not np:\n    pass\nelse:\n$block",
    "in-for": "for _ in range(1):\n$block",
    "in-while": "while True:\n$block\n    break",
    "in-with": "import contextlib\nwith contextlib.suppress(KeyError):\n$block",
    # assignments
    "assigned": "$own\n\n\n$name = $my",
    "lambda": "$own\n\n\n$name = lambda $params: $my($args)",
    "annotated": "from typing import Callable\n$own\n\n\n$name: Callable = $my",
    "walrus": "$own\n\n\nif ($name := $my):\n    print('defined')",
    "walrus-in-list": "$own\n\n\n_ = [$name := function for function in [$my]]",
    "for-target": "$own\n\n\nfor $name in [$my]:\n    pass",
    "with-target": (
        "import contextlib\n$own\n\n\nwith contextlib.nullcontext($my) as $name:\n    pass"
    ),
    "match-capture": "$own\n\n\nmatch $my:\n    case $name:\n        pass",
    "unpacked": "$own\n\n\n($name, *_others) = [$my, 1, 2]",
    "chained": "$own\n\n\nmine = $name = $my",
    "from-dict": "$own\n\n\nparts = {'mine': $my}\n$name = parts['mine']",
    "if-expression": "$own\n\n\n$name = $my if True else None",
    # namespaces
    "globals": "$own\n\n\nglobals()['$name'] = $my",
    "globals-update": "$own\n\n\nglobals().update({'$name': $my})",
    "vars-of-main": "import __main__\n$own\n\n\nsetattr(__main__, '$name', $my)",
    "user-ns": "$own\n\n\nget_ipython().user_ns['$name'] = $my",
    "pushed": "$own\n\n\nget_ipython().push({'$name': $my})",
    "global-statement": "def define():\n    global $name\n\n$block\n\n\ndefine()",
    "exec": "exec($text)",
    "exec-compiled": "exec(compile($text, 'mine.py', 'exec'), globals())",
    "run-cell": "get_ipython().run_cell($text)",
    # objects
    "factory": "def make():\n$block\n    return $name\n\n\n$name = make()",
    "partial": "from functools import partial\n$own\n\n\n$name = partial($my)",
    "partial-with-extra": (
        "from functools import partial\n\n\ndef call(function, *args, **kwargs):\n"
        "    return function(*args, **kwargs)\n\n\n$own\n\n\n$name = partial(call, $my)"
    ),
    "callable-object": (
        "$own\n\n\nclass Function:\n    def __call__(self, $params):\n"
        "        return $my($args)\n\n\n$name = Function()"
    ),
    "class-attribute": ("class Answers:\n    @staticmethod\n$block\n\n\n$name = Answers.$name"),
    "class-method": (
        "$own\n\n\nclass Answers:\n    @classmethod\n    def run(cls, $params):\n"
        "        return $my($args)\n\n\n$name = Answers.run"
    ),
    "bound-method": (
        "$own\n\n\nclass Answers:\n    def run(self, $params):\n"
        "        return $my($args)\n\n\n$name = Answers().run"
    ),
    "static-method-object": "$own\n\n\n$name = staticmethod($my)",
    "decorated": (
        "import functools\nimport time\n\n\ndef timed(function):\n    @functools.wraps(function)\n"
        "    def inner(*args, **kwargs):\n        start = time.time()\n"
        "        result = function(*args, **kwargs)\n"
        "        print('took', time.time() - start)\n        return result\n    return inner\n\n\n"
        "@timed\n$source"
    ),
    "decorated-bare": (
        "def logged(function):\n    def inner(*args, **kwargs):\n"
        "        return function(*args, **kwargs)\n    return inner\n\n\n@logged\n$source"
    ),
    "driven-coroutine": (
        "$own\n\n\nasync def later_$my($params):\n    return $my($args)\n\n\n"
        "def $name($params):\n    try:\n        later_$my($args).send(None)\n"
        "    except StopIteration as stop:\n        return stop.value"
    ),
    "awaited-cell": "import asyncio\n$source\n\n\nawait asyncio.sleep(0)",
    "async-with": (
        "import contextlib\n\n\n@contextlib.asynccontextmanager\nasync def nothing():\n    yield\n"
        "\n\nasync with nothing():\n$block"
    ),
    "built-by-types": (
        "import types\n$own\n\n\n$name = types.FunctionType($my.__code__, globals(), "
        "argdefs=$my.__defaults__)"
    ),
    "generator-send": "$own\n\n\ndef hand_out():\n    yield $my\n\n\n$name = next(hand_out())",
    # twice
    "defined-twice": "def $name($params):\n    return None\n\n\n$source",
    "stub-raised-before": ("def $name($params):\n    raise NotImplementedError\n\n\n$source"),
    "unreachable-stub": "$source\n    raise NotImplementedError('your code here')",
    "alias-kept": "$source\n\n\nold_$name = $name",
}
"""How a cell with one function of the assignment is written instead."""

AWAITING = frozenset({"awaited-cell", "async-with"})
"""Cells that wait at their top level."""

WITH_ATTACKS = (
    "in-except", "globals", "exec", "factory", "partial", "callable-object", "bound-method",
    "decorated",
)  # fmt: skip
"""Ways that are tried on the function of the attacks too."""

LATER = "def $name($params):\n    raise NotImplementedError('later')"

_MODULE_WAYS: dict[str, str] = {
    "import-names": "from $module import $names",
    "import-star": "from $module import *",
    "import-module": "import $module\n$assigns",
    "import-as-module": "import $module as answers\n$aliases",
    "importlib": "import importlib\n_module = importlib.import_module('$module')\n$getattrs",
    "run": "%run $module.py",
    "run-i": "%run -i $module",
    "exec-file": "exec(open('$module.py').read())",
    "load-source": (
        "import importlib.util\n_spec = importlib.util.spec_from_file_location('m', '$module.py')\n"
        "_module = importlib.util.module_from_spec(_spec)\n_spec.loader.exec_module(_module)\n"
        "$getattrs"
    ),
}
"""How a notebook takes its functions from a file."""


def by_binding() -> Iterator[Form]:
    """Every form of this file."""
    for name, template in TEMPLATES.items():
        change = _rewrites(Template(template))
        # IPython itself does not await in a cell under `%%time`.
        zone = f"{DEFS}|first line" if name in AWAITING else DEFS
        yield Form(
            id=f"bind-{name}",
            kind="name bound",
            change=change,
            depths=depths(name, WITH_ATTACKS),
            zone=zone,
        )
    change = _stubs_before
    yield Form(id="bind-again-in-later-cell", kind="name bound", change=change, zone=DEFS)
    for name, template in _MODULE_WAYS.items():
        way = Template(template)
        yield Form(
            id=f"zip-module-{name}",
            kind="module",
            change=_module(way, in_zip=True),
            zone=DEFS,
        )
        yield Form(
            id=f"written-module-{name}",
            kind="module",
            change=_module(way, in_zip=False),
            zone=DEFS,
        )


def definitions(source: str) -> list[tuple[int, int, Definition]]:
    """First and last line (from 0, the end excluded) of each function of the assignment."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    lines = source.split("\n")
    found = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in FUNCTIONS:
            end = node.end_lineno or node.lineno
            definition = Definition(
                name=node.name,
                source="\n".join(lines[node.lineno - 1 : end]),
                params=ast.unparse(node.args),
                args=", ".join(argument.arg for argument in node.args.args),
            )
            found.append((node.lineno - 1, end, definition))
    return found


def _rewrites(template: Template) -> Callable[[Draft], None]:
    def apply(draft: Draft) -> None:
        for cell in code_cells(draft):
            lines = cell.source.split("\n")
            for first, last, definition in reversed(definitions(cell.source)):
                lines[first:last] = template.substitute(definition.pieces()).split("\n")
            cell.source = "\n".join(lines)

    return apply


def _stubs_before(draft: Draft) -> None:
    """The course's stubs stay in a cell of their own in front of the answer's."""
    cells = []
    for cell in draft.notebook.cells:
        found = definitions(cell.source) if cell.cell_type == "code" else []
        stubs = [Template(LATER).substitute(one.pieces()) for _, _, one in found]
        cells += [new_cell("\n\n\n".join(stubs))] if stubs else []
        cells.append(cell)
    draft.notebook.cells = cells


def _module(way: Template, *, in_zip: bool) -> Callable[[Draft], None]:
    """Put the functions of each cell into a file; the cell takes them from there."""

    def apply(draft: Draft) -> None:
        cells, number = [], 0
        for cell in draft.notebook.cells:
            found = definitions(cell.source) if cell.cell_type == "code" else []
            found = [one for one in found if one[2].name in LAYER_FUNCTIONS]
            if found:
                number += 1
                module = f"answers{number}"
                text = HEAD + "\n\n".join(one.source for _, _, one in found) + "\n"
                if in_zip:
                    draft.files[f"{module}.py"] = text.encode()
                else:
                    cells.append(new_cell(f"%%writefile {module}.py\n{text}"))
                cell.source = _taken(way, module, [one.name for _, _, one in found])
            cells.append(cell)
        draft.notebook.cells = cells

    return apply


def _taken(way: Template, module: str, names: list[str]) -> str:
    return way.substitute(
        module=module,
        names=", ".join(names),
        assigns="\n".join(f"{name} = {module}.{name}" for name in names),
        aliases="\n".join(f"{name} = answers.{name}" for name in names),
        getattrs="\n".join(f"{name} = getattr(_module, '{name}')" for name in names),
    )

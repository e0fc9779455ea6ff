"""How the text of a cell, of the notebook's file and of the zip is written."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Callable, Iterator

from tests.accuracy.forms.form import Draft, Form, depths, each_source

WITH_ATTACKS = ("unparsed", "tabs", "type-hints", "semicolons", "crlf", "without-comments")
"""Styles that are tried on the cells of the attacks too."""
_INDENT = re.compile(r"^(?: {4})+", re.MULTILINE)


def by_text() -> Iterator[Form]:
    """Every form of this file."""
    styles: dict[str, Callable[[str], str]] = {
        "crlf": lambda text: text.replace("\n", "\r\n"),
        "tabs": _indented_by("\t"),
        "two-spaces": _indented_by("  "),
        "form-feeds": lambda text: text.replace("\n\n\ndef ", "\n\n\f\ndef "),
        "form-feed-first": lambda text: f"\f\n{text}" if _plain(text) else text,
        "trailing-blanks": lambda text: text.replace("\n", "   \n") if _no_escape(text) else text,
        "newline-at-end": lambda text: f"{text}\n\n\n",
        "blank-first": lambda text: f"\n\n{text}" if _plain(text) else text,
        "double-spaced": lambda text: text.replace("\n", "\n\n") if _no_escape(text) else text,
        "long-comment": lambda text: f"{text}\n# {'x' * 30_000}",
        "long-line": lambda text: f"{text}\nscratch = [{'1, ' * 2_000}]",
        "comment-per-line": _comment_per_line,
        "unicode-comments": lambda text: f"{text}\n# 最大值 – π ≈ 3.14 “quotes” \u00a0 \u200b 🐶",
        "coding-line": lambda text: f"# -*- coding: utf-8 -*-\n{text}" if _plain(text) else text,
        "commented-out-code": lambda text: f"{text}\n# def conv1d_forward(x, w):\n#     return 0",
        "quoted-out-code": (
            lambda text: (
                f"'''\ndef conv1d_forward(x, w):\n    return 0\n'''\n{text}"
                if _plain(text)
                else text
            )
        ),
        "unparsed": _unparsed,
        "without-comments": _without_comments,
        "type-hints": _type_hints,
        "future-annotations": (
            lambda text: f"from __future__ import annotations\n{text}" if "def " in text else text
        ),
        "semicolons": _semicolons,
        "trailing-semicolons": _trailing_semicolons,
        "backslashes": lambda text: text.replace(" = ", " = \\\n    ") if _no_call(text) else text,
        "doctests": lambda text: re.sub(
            r'^    """$', '\n    >>> 1 + 1\n    2\n    """', text, flags=re.MULTILINE
        ),
        "prompts": _prompts,
        "ipython-prompts": _ipython_prompts,
        "if-main": lambda text: f"{text}\nif __name__ == '__main__':\n    print('done')",
        "greek-names": _greek,
        "docstrings-off": lambda text: re.sub(
            r'^    """[\s\S]*?"""\n', "", text, flags=re.MULTILINE
        ),
    }
    for name, change in styles.items():
        yield Form(
            id=f"text-{name}",
            kind="text of cells",
            change=each_source(change),
            depths=depths(name, WITH_ATTACKS),
            zone="text",
        )
    files: dict[str, Callable[[Draft], None]] = {
        "bom": _encoded(lambda text: text.encode("utf-8-sig")),
        "crlf": _encoded(lambda text: text.replace("\n", "\r\n").encode()),
        "ascii": _encoded(lambda text: json.dumps(json.loads(text), indent=1).encode()),
        "compact": _encoded(
            lambda text: json.dumps(json.loads(text), separators=(",", ":")).encode()
        ),
        "sorted": _encoded(lambda text: json.dumps(json.loads(text), sort_keys=True).encode()),
        "tabs": _encoded(lambda text: json.dumps(json.loads(text), indent="\t").encode()),
        "final-newlines": _encoded(lambda text: f"{text}\n\n".encode()),
        "source-strings": _encoded(_source_strings),
        "extra-keys": _encoded(_extra_keys),
        "version-3": _encoded(_version_3),
    }
    for name, write in files.items():
        yield Form(id=f"file-{name}", kind="file of the notebook", change=write, zone="file")
    places: dict[str, Callable[[Draft], None]] = {
        "copy-of": _at("Copy of pset4.ipynb"),
        "copy-number": _at("pset4 (1).ipynb"),
        "folder": _at("jdoe/pset4/pset4.ipynb"),
        "unicode": _at("Lösung Übung 4 – π.ipynb"),
        "upper-case": _at("PSET4.IPYNB"),
        "checkpoint-beside": _files({".ipynb_checkpoints/pset4-checkpoint.ipynb": b"{}"}),
        "mac": _files({"__MACOSX/._pset4.ipynb": b"\x00\x05\x16\x07", ".DS_Store": b"\x00"}),
        "pictures-beside": _files({"images/a.png": b"\x89PNG\r\n", "notes.txt": b"notes"}),
        "names-of-libraries": _files({"numpy_notes.py": b"", "torch.txt": b"", "json/x.txt": b""}),
        "pycache": _files({"__pycache__/mine.cpython-37.pyc": b"\x42\x0d"}),
    }
    for name, place in places.items():
        yield Form(id=f"zip-{name}", kind="files of the zip", change=place, zone="path")


def _plain(text: str) -> bool:
    return not text.startswith("%%")


def _no_escape(text: str) -> bool:
    """Whether lines can be changed without a look at strings over several of them."""
    return "\\\n" not in text and _plain(text)


def _no_call(text: str) -> bool:
    return _plain(text) and "def " not in text and "%" not in text and "#" not in text


def _indented_by(step: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        return _INDENT.sub(lambda found: step * (len(found.group()) // 4), text)

    return change


def _tree(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except SyntaxError:
        return None


def _unparsed(text: str) -> str:
    """As a formatter without mercy writes it: no comments, other quotes, brackets and lines."""
    tree = _tree(text)
    return text if tree is None or not text.strip() else ast.unparse(tree)


def _without_comments(text: str) -> str:
    if _tree(text) is None:
        return text
    lines = text.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip()
    return "\n".join(lines)


def _comment_per_line(text: str) -> str:
    """A comment above each statement of the top level."""
    tree = _tree(text)
    if tree is None:
        return text
    lines = text.split("\n")
    for number, node in reversed(list(enumerate(tree.body))):
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        lines.insert(first - 1, f"# step {number}: as in the lecture; # see slide 12")
    return "\n".join(lines)


def _type_hints(text: str) -> str:
    tree = _tree(text)
    if tree is None or "def " not in text:
        return text
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = ast.Constant(value="Any")
            for argument in node.args.args:
                argument.annotation = ast.Name(id="object")
    return ast.unparse(ast.fix_missing_locations(tree))


_SIMPLE = (ast.Assign, ast.Expr, ast.Import, ast.ImportFrom, ast.AugAssign)


def _semicolons(text: str) -> str:
    """Neighboring simple statements share a line."""
    tree = _tree(text)
    if tree is None or not tree.body:
        return text
    lines: list[str] = []
    simple = False
    for node in tree.body:
        line = ast.unparse(node)
        joins = simple and isinstance(node, _SIMPLE)
        if joins:
            lines[-1] += f"; {line}"
        else:
            lines.append(line)
        simple = isinstance(node, _SIMPLE)
    return "\n".join(lines)


def _trailing_semicolons(text: str) -> str:
    tree = _tree(text)
    if tree is None or not tree.body:
        return text
    pieces = [(ast.unparse(node), isinstance(node, _SIMPLE)) for node in tree.body]
    return "\n".join(f"{line};" if simple else line for line, simple in pieces)


def _prompts(text: str) -> str:
    """Pasted from Python's own prompt; IPython takes the signs away."""
    if _tree(text) is None or not text.strip():
        return text
    first, *others = text.split("\n")
    return "\n".join([f">>> {first}", *(f"... {line}" for line in others)])


def _ipython_prompts(text: str) -> str:
    if _tree(text) is None or not text.strip():
        return text
    first, *others = text.split("\n")
    return "\n".join([f"In [1]: {first}", *(f"   ...: {line}" for line in others)])


def _greek(text: str) -> str:
    """Local names of the layer functions in Greek."""
    for old, new in (("padded", "χ"), ("grad_padded", "δχ"), ("prob", "π_")):
        text = re.sub(rf"(?<![\w.'%]){old}(?![\w(=])", new, text)
    return text


def _encoded(encode: Callable[[str], bytes]) -> Callable[[Draft], None]:
    def apply(draft: Draft) -> None:
        draft.encode = encode

    return apply


def _source_strings(text: str) -> bytes:
    """Sources as one string instead of a list of lines."""
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return json.dumps(notebook).encode()


def _extra_keys(text: str) -> bytes:
    notebook = json.loads(text)
    notebook["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {}}
    notebook["metadata"]["toc"] = {"base_numbering": 1}
    notebook["metadata"]["varInspector"] = {"cols": {"lenName": 16}}
    return json.dumps(notebook).encode()


def _version_3(text: str) -> bytes:
    """As IPython 2 wrote it: worksheets, `input` for the source of code, headings of their own."""
    notebook = json.loads(text)
    cells = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            cells.append(
                {
                    "cell_type": "code",
                    "collapsed": False,
                    "input": source,
                    "language": "python",
                    "metadata": cell["metadata"],
                    "outputs": [],
                }
            )
        else:
            cells.append({**{k: cell[k] for k in ("cell_type", "metadata")}, "source": source})
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": "pset4"}}
    return json.dumps({**old, "worksheets": [{"cells": cells, "metadata": {}}]}).encode()


def _at(path: str) -> Callable[[Draft], None]:
    def apply(draft: Draft) -> None:
        folder, _, _ = path.rpartition("/")
        draft.notebook_path = path
        if folder:
            draft.files = {f"{folder}/{name}": data for name, data in draft.files.items()}

    return apply


def _files(files: dict[str, bytes]) -> Callable[[Draft], None]:
    def apply(draft: Draft) -> None:
        draft.files.update(files)

    return apply

"""The JSON Schema of `results.json`, made from the records and their field docs.

python -m grader.outputs.schema        writes results.schema.json anew
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaValue

import grader.model.records as records
from grader.model.records import GradeSheet

SCHEMA_PATH = Path(__file__).with_name("results.schema.json")
"""The committed schema."""


def results_schema() -> JsonSchemaValue:
    """Return the schema of a grade sheet: every key is required, and no other may be there."""
    schema = TypeAdapter(GradeSheet).json_schema(mode="serialization")
    definitions = schema.pop("$defs")
    for name, definition in definitions.items():
        _document(definition, getattr(records, name))
    _document(schema, GradeSheet)
    version = schema["properties"]["schema_version"]["const"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:pset4-grader:results:{version}",
        **schema,
        "$defs": definitions,
    }


def _document(schema: dict[str, Any], kind: type) -> None:
    """Add the class's docstring and its fields' docs; ask for exactly its keys."""
    schema["description"] = inspect.getdoc(kind) or ""
    if schema.get("type") != "object":
        return
    schema["additionalProperties"] = False
    # pydantic leaves out keys that have a default; the codec writes them all.
    schema["required"] = list(schema["properties"])
    docs = field_docs(kind)
    for name, entry in schema["properties"].items():
        entry["description"] = docs[name]
        entry.pop("title", None)


def field_docs(kind: type) -> dict[str, str]:
    """Return the string literals below the fields of a record, or the members of an enum."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    if not isinstance(tree, ast.ClassDef):
        return {}
    docs = {}
    for field, below in zip(tree.body, tree.body[1:], strict=False):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                docs[name] = text
    return docs

"""`results.json`: what it holds, from its JSON schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authoring.reference_pages.markdown import code, page, plain, sentence_case, table
from grader.outputs.schema import results_schema

_TYPES = {
    "integer": "whole number", "number": "number", "string": "text", "boolean": "true or false",
    "null": "null",
}  # fmt: skip


def results_page() -> str:
    """Return the page: the sheet, then the records in it."""
    schema = results_schema()
    version = schema["properties"]["schema_version"]["const"]
    pieces = []
    for name, definition in sorted(schema["$defs"].items()):
        pieces += [f"## {name}", *_record(definition)]
    return page(
        "results.json",
        "the JSON schema (`grader/outputs/schema/results.schema.json`), which is made of the "
        "records in `grader/model/records/`",
        f"A submission's points and everything behind them. Version {version} of the schema; "
        "every key is there, and no other. Numbers that are not finite are `null`.",
        *_record({**schema, "description": ""}),
        *pieces,
    )


def _record(schema: Mapping[str, Any]) -> list[str]:
    words = [plain(sentence_case(schema["description"]))] if schema.get("description") else []
    if "enum" in schema:
        return [*words, ", ".join(code(str(one)) for one in schema["enum"])]
    rows = (
        (code(name), _type(entry), plain(sentence_case(entry.get("description", ""))))
        for name, entry in schema.get("properties", {}).items()
    )
    return [*words, table(("key", "value", "meaning"), rows)]


def _type(entry: Mapping[str, Any]) -> str:
    if "$ref" in entry:
        name = entry["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "const" in entry:
        return code(str(entry["const"]))
    if "anyOf" in entry or "oneOf" in entry:
        return " or ".join(_type(one) for one in entry.get("anyOf") or entry["oneOf"])
    if entry.get("type") == "array":
        return _array(entry)
    if entry.get("type") == "object":
        return f"object of {_type(entry.get('additionalProperties') or {})}"
    return _TYPES.get(entry.get("type", ""), "any value")


def _array(entry: Mapping[str, Any]) -> str:
    if "prefixItems" in entry:
        return f"({', '.join(_type(one) for one in entry['prefixItems'])})"
    return f"list of {_type(entry.get('items', {}))}"

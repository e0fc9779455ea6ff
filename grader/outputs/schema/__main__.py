"""Write the committed schema anew."""

from __future__ import annotations

import json

from grader.outputs.schema import SCHEMA_PATH, results_schema

if __name__ == "__main__":
    text = json.dumps(results_schema(), indent=2, ensure_ascii=False)
    SCHEMA_PATH.write_text(text + "\n", encoding="utf-8")

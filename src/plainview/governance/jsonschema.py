"""The published JSON Schema of an assessment, made from its structs, help texts and all."""

import json
from typing import Any, Final

import msgspec

from plainview.governance.assessment import Assessment

NAME: Final = "assessment.schema.json"
_ID: Final = "urn:plainview:schema:assessment:v1"


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of an assessment as TOML or YAML has it."""
    made = msgspec.json.schema(Assessment)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": _ID,
        "title": "Plainview assessment",
        **made,
    }


def schema_text() -> str:
    """`schema` as the file that is published."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"

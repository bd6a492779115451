"""What schemathesis must be told to ask /decide-many: a body of JSON Lines is one text for OpenAPI, here a list of its lines.

Its answer is 200 with a line for each line, and a bad line is an error line: so that is what is checked of it.
"""

from __future__ import annotations

import json
from typing import Any

import schemathesis

MANY, LINES = "/decide-many", "application/x-ndjson"


@schemathesis.hook
def before_load_schema(_: Any, raw_schema: dict[str, Any]) -> None:
    asked = raw_schema["paths"][MANY]["post"]
    for content in (asked["requestBody"]["content"], asked["responses"]["200"]["content"]):
        content[LINES]["schema"] = {"type": "array", "items": content[LINES]["schema"]["x-line"]}
    held = asked["requestBody"]["content"][LINES]
    held["example"] = [json.loads(held["example"])] * 3


@schemathesis.serializer(LINES)
def as_lines(_: Any, value: Any) -> bytes:
    lines = value if isinstance(value, list) else [value]
    return b"".join(json.dumps(x).encode() + b"\n" for x in lines)


@schemathesis.deserializer(LINES)
def from_lines(_: Any, response: Any) -> Any:
    return [json.loads(x) for x in response.content.decode().split("\n") if x]


@schemathesis.check
def every_line_has_its_answer(_: Any, response: Any, case: Any) -> None:
    if case.path != MANY or response.status_code != 200:
        return
    asked, said = response.request.body or b"", from_lines(None, response)
    lines = [x for x in (asked if isinstance(asked, bytes) else asked.encode()).split(b"\n") if x.strip()]
    assert len(said) == len(lines), f"{len(lines)} lines, {len(said)} answers"
    is_wrong = case.meta is not None and case.meta.generation.mode.is_negative
    if is_wrong and lines:
        assert any("error" in x for x in said), "what the document does not allow was answered"

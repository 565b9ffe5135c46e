"""What SARIF 2.1.0 asks of the objects that are written: their properties, those required, and what each may be.

Written down from the OASIS standard (the numbers are its sections), for those properties that cxmetrics has a use for;
anything else counts as wrong.  `test_sarif.py` holds the same logs against the JSON Schema of the standard, which knows
less: what an id refers to, and that no place ends before it starts, it cannot say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

LEVELS = {"none", "note", "warning", "error"}  # 3.27.10
COLUMN_KINDS = {"utf16CodeUnits", "unicodeCodePoints"}  # 3.14.17
TEXT, WHOLE, MAP = "text", "whole", "map"

# Each object: a property, whether it must be there, and what it is: a kind above, the values it may have, the name of
# another object here, or a list of one.
OBJECTS: dict[str, dict[str, tuple[bool, Any]]] = {
    "log": {"$schema": (False, TEXT), "version": (True, {"2.1.0"}), "runs": (True, ["run"])},  # 3.13
    "run": {"tool": (True, "tool"), "columnKind": (False, COLUMN_KINDS), "results": (False, ["result"])},  # 3.14
    "tool": {"driver": (True, "component")},  # 3.18
    "component": {"name": (True, TEXT), "version": (False, TEXT), "rules": (False, ["descriptor"])},  # 3.19
    "descriptor": {"id": (True, TEXT), "name": (False, TEXT), "shortDescription": (False, "multiformat"),
                   "help": (False, "multiformat"), "defaultConfiguration": (False, "configuration")},  # 3.49
    "multiformat": {"text": (True, TEXT), "markdown": (False, TEXT)},  # 3.12
    "configuration": {"level": (False, LEVELS)},  # 3.50
    "result": {"ruleId": (False, TEXT), "ruleIndex": (False, WHOLE), "level": (False, LEVELS),
               "message": (True, "message"), "locations": (False, ["location"]),
               "relatedLocations": (False, ["location"]), "partialFingerprints": (False, MAP),
               "fixes": (False, ["fix"])},  # 3.27
    "message": {"text": (True, TEXT)},  # 3.11
    "location": {"id": (False, WHOLE), "physicalLocation": (False, "physical"), "message": (False, "message")},  # 3.28
    "physical": {"artifactLocation": (True, "artifact"), "region": (False, "region")},  # 3.29
    "artifact": {"uri": (True, TEXT), "uriBaseId": (False, TEXT)},  # 3.4
    "region": {"startLine": (True, WHOLE), "startColumn": (False, WHOLE), "endLine": (False, WHOLE),
               "endColumn": (False, WHOLE)},  # 3.30
    "fix": {"description": (False, "message"), "artifactChanges": (True, ["change"])},  # 3.55
    "change": {"artifactLocation": (True, "artifact"), "replacements": (True, ["replacement"])},  # 3.56
    "replacement": {"deletedRegion": (True, "region"), "insertedContent": (False, "content")},  # 3.57
    "content": {"text": (False, TEXT)},  # 3.3
}
_URI = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/%-]+")  # RFC 3986


def unlike(log: Any) -> list[str]:
    """What in a log is not as the standard has it."""
    return list(_object(log, "log", "log"))


def _object(value: Any, name: str, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path} is no object"
        return
    known = OBJECTS[name]
    yield from (f"{path}.{key} is not known" for key in value if key not in known)
    for key, (required, kind) in known.items():
        if key in value:
            yield from _value(value[key], kind, f"{path}.{key}")
        elif required:
            yield f"{path}.{key} is missing"
    if name == "artifact" and not _URI.fullmatch(value.get("uri", "")):
        yield f"{path}.uri is no URI"
    if name == "region":
        yield from _region(value, path)
    if name == "run":
        rules = value["tool"]["driver"].get("rules", [])
        yield from (f"{path}: {one['ruleId']} is not rule {one['ruleIndex']}" for one in value.get("results", [])
                    if rules[one["ruleIndex"]]["id"] != one["ruleId"])


def _value(value: Any, kind: Any, path: str) -> Iterator[str]:
    match kind:
        case [inner]:
            yield from (f for i, each in enumerate(value) for f in _object(each, inner, f"{path}[{i}]"))
        case set():
            if value not in kind:
                yield f"{path} is {value!r}"
        case "text":
            if not isinstance(value, str) or not value and not path.endswith("insertedContent.text"):
                yield f"{path} is no text"
        case "whole":
            if type(value) is not int or value < 0:
                yield f"{path} is no whole number"
        case "map":
            if not all(isinstance(each, str) for each in (*value, *value.values())):
                yield f"{path} is no map of texts"
        case _:
            yield from _object(value, kind, path)


def _region(value: dict[str, int], path: str) -> Iterator[str]:
    """Lines and columns count from 1, and an end does not come before its start (3.30.5 to 3.30.8)."""
    start = value["startLine"], value.get("startColumn", 1)
    end = value.get("endLine", value["startLine"]), value.get("endColumn", start[1])
    if min(*start, *end) < 1 or end < start:
        yield f"{path} ends before it starts"

"""Which keys may stand where, by the shape of the documents."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from cxmetrics import schema
from cxmetrics.schema import Document, Draft


def known_keys(model: type[Document], path: Sequence[Any]) -> list[str]:
    """The keys that the map at `path` may have; none where it has names of one's own."""
    return sorted(_at(model, path).get("properties", {}))


def draft_at(model: type[Document], path: Sequence[Any]) -> type[Draft] | None:
    """What stands at `path`, where that has a closed set of keys."""
    found = getattr(schema, _at(model, path).get("title", ""), None)
    return found if isinstance(found, type) and issubclass(found, Draft) else None


def _at(model: type[Document], path: Sequence[Any]) -> Any:  # noqa: ANN401 - JSON Schema
    whole = _schema(model)
    definitions = whole.get("$defs", {})
    node = whole
    for step in path:
        node = _expand(node, definitions)
        node = node.get("properties", {}).get(str(step)) or node.get("additionalProperties") or node.get("items") or {}
    return _expand(node, definitions)


@cache
def _schema(model: type[Document]) -> Any:  # noqa: ANN401 - JSON Schema
    return model.model_json_schema(by_alias=True)


def _expand(node: Any, definitions: Any) -> Any:  # noqa: ANN401 - JSON Schema
    """The branch of a schema that is a map or a list."""
    while isinstance(node, dict):
        branches = node.get("anyOf") or node.get("oneOf")
        if "$ref" in node:
            node = definitions[node["$ref"].rsplit("/", 1)[1]]
        elif branches:
            inner = [b for b in branches if "$ref" in b or b.get("type") in ("object", "array")
                     or "oneOf" in b or "anyOf" in b]
            if not inner:
                return {}
            node = inner[0]
        else:
            return node
    return {}

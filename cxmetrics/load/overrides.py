"""What a file writes of definitions of libraries, put over them key by key."""

from __future__ import annotations

from cxmetrics.load.yaml_nodes import Map

Sections = dict[tuple[str, str], Map]
"""Definitions by their section and their name."""


def overridable(root: Map) -> Sections:
    """The sources and dimensions of a file: of these a part is no whole, so they are merged before they are proved."""
    return {(str(name), str(key)): node for name, section in root.items()
            if name in ("sources", "dimensions") and isinstance(section, Map)
            for key, node in section.items() if isinstance(node, Map)}


def merge(root: Map, below: Sections) -> None:
    """Put the keys of the definitions below under those that a file writes of them."""
    for name, section in root.items() if below else ():
        for key, node in section.items() if isinstance(section, Map) else ():
            if (name, key) in below and isinstance(node, Map):
                section[key] = _over(node, below[name, key])


def _over(upper: Map, lower: Map, *, deep: bool = True) -> Map:
    """Two maps as one; keys of the upper stand in place of the lower's, but columns are added one by one."""
    result = Map((key, node) for key, node in lower.items() if key not in upper)
    for key, node in upper.items():
        old = lower.get(key)
        nested = deep and key in ("columns", "dimensions") and isinstance(node, Map) and isinstance(old, Map)
        result[key] = _over(node, old, deep=False) if nested and isinstance(old, Map) else node
    result.place = upper.span
    return result

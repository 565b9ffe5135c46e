"""Versions as hidden nodes: each is computed by its own rules, and the indicator is in each period one of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from cxmetrics.ir import Indicator, Pyramid
from cxmetrics.lower.peers import with_peers
from cxmetrics.lower.planned import Planned
from cxmetrics.lower.through import through
from cxmetrics.windows import Window


def with_versions(original: Indicator, window: Window, pyramid: Pyramid) -> Iterator[Planned]:
    """The hidden nodes that an indicator seen through a window is chosen from or compared with, and then its own."""
    if not original.versions:
        yield from with_peers(original, window, pyramid)
        return
    named: list[tuple[dt.date | None, str]] = []
    for day, version in original.versions:
        hidden = through(replace(version, id=f"{original.id}~{day or 'first'}", level=None), window)
        named.append((day, hidden.id))
        yield Planned(hidden, hidden.formula, window, hidden=True)
    yield Planned(through(original, window), None, window, bool(window), versions=tuple(named))

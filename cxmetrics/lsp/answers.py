"""Which question is answered by what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from cxmetrics.lsp.asked import Asked

ANSWERS: Final[Mapping[str, Callable[[Asked], Any]]] = {}

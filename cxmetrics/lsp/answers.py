"""Which question is answered by what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from cxmetrics.lsp.asked import Asked
from cxmetrics.lsp.completion import completion
from cxmetrics.lsp.hovers import hover
from cxmetrics.lsp.navigation import definition, highlights, references
from cxmetrics.lsp.renaming import renamable, renamed

ANSWERS: Final[Mapping[str, Callable[[Asked], Any]]] = {
    "textDocument/completion": completion,
    "textDocument/definition": definition,
    "textDocument/documentHighlight": highlights,
    "textDocument/hover": hover,
    "textDocument/prepareRename": renamable,
    "textDocument/references": references,
    "textDocument/rename": renamed,
}

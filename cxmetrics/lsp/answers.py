"""Which question is answered by what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from cxmetrics.lsp.actions import actions, formatted
from cxmetrics.lsp.asked import Asked
from cxmetrics.lsp.completion import completion
from cxmetrics.lsp.hints import hints
from cxmetrics.lsp.hovers import hover
from cxmetrics.lsp.navigation import definition, highlights, references
from cxmetrics.lsp.renaming import renamable, renamed
from cxmetrics.lsp.symbols import outline, workspace_symbols
from cxmetrics.lsp.tokens import tokens

ANSWERS: Final[Mapping[str, Callable[[Asked], Any]]] = {
    "textDocument/codeAction": actions,
    "textDocument/completion": completion,
    "textDocument/definition": definition,
    "textDocument/documentHighlight": highlights,
    "textDocument/documentSymbol": outline,
    "textDocument/formatting": formatted,
    "textDocument/hover": hover,
    "textDocument/inlayHint": hints,
    "textDocument/prepareRename": renamable,
    "textDocument/references": references,
    "textDocument/rename": renamed,
    "textDocument/semanticTokens/full": tokens,
    "workspace/symbol": workspace_symbols,
}

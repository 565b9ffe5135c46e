"""What the server can do, as it tells an editor at first."""

from __future__ import annotations

from typing import Final

from cxmetrics.lsp.tokens import LEGEND
from cxmetrics.lsp.wire import Json

CAPABILITIES: Final[Json] = {
    "positionEncoding": "utf-16",
    "textDocumentSync": {"openClose": True, "change": 2, "save": {"includeText": False}},
    "completionProvider": {"triggerCharacters": [".", "(", "'", ":", "[", "{", ",", " "]},
    "hoverProvider": True,
    "definitionProvider": True,
    "referencesProvider": True,
    "documentHighlightProvider": True,
    "documentSymbolProvider": True,
    "workspaceSymbolProvider": True,
    "documentFormattingProvider": True,
    "codeActionProvider": {"codeActionKinds": ["quickfix", "source.fixAll"]},
    "semanticTokensProvider": {"legend": {"tokenTypes": list(LEGEND), "tokenModifiers": []}, "full": True},
    "inlayHintProvider": True,
    "renameProvider": {"prepareProvider": True},
    "workspace": {"workspaceFolders": {"supported": True, "changeNotifications": True}},
}

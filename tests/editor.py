"""An editor for tests: the language server's process, spoken to through a client of another make."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Self

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 20  # seconds


class Editor:
    """An editor with a folder open.  What it sends and gets is checked against the protocol by its library."""

    def __init__(self, folder: Path, language: str = "en") -> None:
        self.folder, self.language = folder, language
        self.client = LanguageClient("editor", "1")
        self.versions: dict[str, int] = {}
        self.published: dict[str, list[lsp.PublishDiagnosticsParams]] = {}
        self.news = asyncio.Event()
        self.logged: list[str] = []

        @self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: lsp.PublishDiagnosticsParams) -> None:  # a function: it marks what it is given
            self._published(params)

        @self.client.feature(lsp.WINDOW_LOG_MESSAGE)
        def logged(params: lsp.LogMessageParams) -> None:
            self.logged.append(params.message)

    def _published(self, params: lsp.PublishDiagnosticsParams) -> None:
        self.published.setdefault(params.uri, []).append(params)
        self.news.set()

    async def __aenter__(self) -> Self:
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "CXMETRICS_CACHE": ""}
        await self.client.start_io(sys.executable, "-m", "cxmetrics", "lsp", env=environ, cwd=str(self.folder))
        folder = lsp.WorkspaceFolder(self.folder.as_uri(), self.folder.name)
        self.answer = await self.client.initialize_async(lsp.InitializeParams(
            capabilities=lsp.ClientCapabilities(), process_id=os.getpid(), root_uri=self.folder.as_uri(),
            workspace_folders=[folder], locale=self.language))
        self.client.initialized(lsp.InitializedParams())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.client._server.returncode is None:
            await self.leave()
        await self.client.stop()

    async def leave(self) -> int:
        """Shut down and exit as the protocol asks; the exit status."""
        await asyncio.wait_for(self.client.shutdown_async(None), PATIENCE)
        self.client.exit(None)
        return await asyncio.wait_for(self.client._server.wait(), PATIENCE)

    def uri(self, path: str) -> str:
        return (self.folder / path).as_uri()

    def text(self, path: str) -> str:
        return (self.folder / path).read_text("utf-8")

    def open(self, path: str, text: str | None = None) -> lsp.TextDocumentIdentifier:
        uri = self.uri(path)
        self.versions[uri] = 1
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(
            uri, "yaml", 1, self.text(path) if text is None else text)))
        return lsp.TextDocumentIdentifier(uri)

    def write(self, path: str, text: str, at: lsp.Range | None = None) -> None:
        """Replace what stands at a range, or the whole text, without saving."""
        uri = self.uri(path)
        self.versions[uri] += 1
        change = lsp.TextDocumentContentChangeWholeDocument(text) if at is None else \
            lsp.TextDocumentContentChangePartial(at, text)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(
            lsp.VersionedTextDocumentIdentifier(version=self.versions[uri], uri=uri), [change]))

    async def found(self, path: str, codes: list[str] | None = None) -> list[lsp.Diagnostic]:
        """The findings of a file: those of its present version, or the first that have these codes."""
        uri, deadline = self.uri(path), asyncio.get_running_loop().time() + PATIENCE
        while True:
            for params in reversed(self.published.get(uri, [])):
                present = params.version == self.versions.get(uri)  # none where it is not open
                if present and (codes is None or [one.code for one in params.diagnostics] == codes):
                    return list(params.diagnostics)
            self.news.clear()
            left = deadline - asyncio.get_running_loop().time()
            try:
                await asyncio.wait_for(self.news.wait(), left)
            except TimeoutError:
                last = self.published.get(uri, [])[-1:]
                raise AssertionError(f"{path}: not {codes} but {last}; {self.logged}") from None


def place(text: str, wanted: str, into: int = 0) -> lsp.Position:
    """The position of the first place where something stands, and some characters further, in UTF-16."""
    offset = text.index(wanted) + into
    line = text.rfind("\n", 0, offset) + 1
    return lsp.Position(text.count("\n", 0, offset), len(text[line:offset].encode("utf-16-le")) // 2)


def at(text: str, span: lsp.Range) -> str:
    """What stands at a range."""
    lines = text.split("\n")

    def offset(position: lsp.Position) -> int:
        before = lines[position.line].encode("utf-16-le")[:position.character * 2].decode("utf-16-le")
        return sum(len(line) + 1 for line in lines[:position.line]) + len(before)

    return text[offset(span.start):offset(span.end)]

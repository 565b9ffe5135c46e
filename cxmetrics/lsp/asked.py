"""A question of an editor: about which file, at which place, and what is known there."""

from __future__ import annotations

from dataclasses import dataclass

from cxmetrics.lsp.describing import Describe
from cxmetrics.lsp.places import offset_of
from cxmetrics.lsp.project import Project
from cxmetrics.lsp.wire import Json
from cxmetrics.lsp.workspace import Workspace
from cxmetrics.render.wording import Language
from cxmetrics.source import Source

NOT_DONE = -32803  # the question is understood, and the answer is no


class Refused(Exception):  # noqa: N818 - an answer to the editor, not an error of the program
    """A question that is answered with an error of the protocol."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass(frozen=True, slots=True)
class Here:
    """A file of a project, as it is now."""

    project: Project
    path: str
    source: Source


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and with what it is answered."""

    workspace: Workspace
    params: Json
    language: Language
    describe: Describe

    @property
    def here(self) -> Here | None:
        """The file that is asked about; None where it is none of definitions."""
        located = self.workspace.located(self.params["textDocument"]["uri"])
        if located is None:
            return None
        project, path = located
        source = project.source(path)
        return None if source is None or not project.is_of_it(path) else Here(project, path, source)

    def offset(self, here: Here) -> int:
        """The place that is asked about."""
        return offset_of(here.source.text, self.params["position"])

    def said(self, english: str, chinese: str) -> str:
        """One of both."""
        return chinese if self.language == "zh" else english

"""What is open in the editor, by project, and what it has been told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from cxmetrics.folders import PROJECT_FILE
from cxmetrics.load import MAX_FILE
from cxmetrics.lsp import findings
from cxmetrics.lsp.places import changed
from cxmetrics.lsp.project import Project
from cxmetrics.lsp.uris import path_of, project_of, uri_of
from cxmetrics.lsp.wire import Json, Wire
from cxmetrics.pauses import Pause
from cxmetrics.render.wording import Language
from cxmetrics.source import Source


class Workspace:
    """The projects that are being worked in."""

    def __init__(self, wire: Wire, language: Language, hurried: Callable[[], bool]) -> None:
        self._wire = wire
        self._hurried = hurried  # whether more is being written already
        self._language = language
        self._told: dict[str, list[Json]] = {}  # by the address of a file
        self.projects: dict[Path, Project] = {}
        self.hears: Mapping[str, Callable[[Json], None]] = {
            "textDocument/didOpen": self._opened, "textDocument/didChange": self._changed,
            "textDocument/didClose": self._closed, "textDocument/didSave": self._saved,
            "workspace/didChangeWatchedFiles": self._watched,
            "workspace/didChangeWorkspaceFolders": self._folders}

    @property
    def busy(self) -> bool:
        """Whether there is something to compile, or to read ahead."""
        return any(project.stale or not project.read for project in self.projects.values())

    def next_stale(self) -> Project | None:
        """A project that is to be compiled."""
        return next((project for project in self.projects.values() if project.stale), None)

    def begin(self, params: Json, language: Language) -> None:
        """Open the projects of the folders that the editor works in."""
        self._language = language
        folders = params.get("workspaceFolders") or []
        uris = [folder.get("uri") for folder in folders if isinstance(folder, dict)] or [params.get("rootUri")]
        for uri in uris:
            self._folder(uri)

    def _folder(self, uri: object) -> None:
        path = path_of(uri) if isinstance(uri, str) else None
        if path is not None and (path / PROJECT_FILE).is_file():
            self._project(path)

    def _project(self, root: Path) -> Project:
        return self.projects.setdefault(root, Project(root))

    def located(self, uri: object) -> tuple[Project, str] | None:
        """The project of a file, and its path in it; None where it is of none."""
        path = path_of(uri) if isinstance(uri, str) else None
        root = None if path is None else project_of(path)
        if path is None or root is None:
            return None
        return self._project(root), path.relative_to(root).as_posix()

    def settle(self, params: Json, compile_first: Callable[[], None]) -> None:
        """Make sure that there is something to answer from."""
        document = params.get("textDocument")
        located = self.located(document.get("uri")) if isinstance(document, dict) else None
        projects = list(self.projects.values()) if located is None else [located[0]]
        if any(project.stages is None for project in projects):
            compile_first()

    # --- what the editor tells -------------------------------------------------------------------------------------

    def _opened(self, params: Json) -> None:
        document = params["textDocument"]
        self._put(document["uri"], document.get("version"), document["text"])

    def _changed(self, params: Json) -> None:
        document = params["textDocument"]
        located = self.located(document["uri"])
        if located is None:
            return
        project, path = located
        before = project.open.get(path)
        text = changed(before.source.text if before else "", params["contentChanges"])
        self._put(document["uri"], document.get("version"), text)

    def _put(self, uri: str, version: object, text: str) -> None:
        located = self.located(uri)
        if located is None:
            return
        project, path = located
        project.put(path, uri, version if isinstance(version, int) else 0, text[:MAX_FILE + 1])
        if not self._hurried() and project.judge(path) is not None:
            self._tell(project, path, project.open[path].source)

    def _closed(self, params: Json) -> None:
        located = self.located(params["textDocument"]["uri"])
        if located is not None:
            located[0].close(located[1])

    def _saved(self, params: Json) -> None:
        located = self.located(params["textDocument"]["uri"])
        if located is not None:
            located[0].stale = True

    def _watched(self, params: Json) -> None:
        for change in params["changes"]:
            located = self.located(change["uri"])
            if located is not None:
                located[0].stale = True

    def _folders(self, params: Json) -> None:
        for folder in params["event"]["added"]:
            self._folder(folder["uri"])

    # --- what the editor is told -----------------------------------------------------------------------------------

    def publish(self, project: Project, pause: Pause) -> None:
        """Tell what is wrong in all files of a project, the open ones first, where that is another than before."""
        files = project.files()
        uris: dict[str, str] = {}
        for path in dict.fromkeys([*project.open, *project.found, *files]):
            pause()
            uris[path] = self._tell(project, path, files.get(path))
        gone = [uri for uri, told in self._told.items() if told and (place := path_of(uri)) is not None
                and project_of(place) == project.root and uri not in uris.values()]
        for uri in gone:
            self._send(uri, None, [])

    def _tell(self, project: Project, path: str, source: Source | None) -> str:
        """Tell what is wrong in a file; its address."""
        one, found = project.open.get(path), project.found.get(path, ())
        source = source or next((finding.span.source for finding in found if finding.span is not None), None)
        uri = one.uri if one else project.uri(source) if source else uri_of(project.root / path)
        self._send(uri, one.version if one else None,
                   [findings.told(finding, self._language, project.uri) for finding in found])
        return uri

    def _send(self, uri: str, version: int | None, told: list[Json]) -> None:
        if version is None and self._told.get(uri, []) == told:
            return
        self._told[uri] = told
        params: Json = {"uri": uri, "diagnostics": told}
        self._wire.send({"method": "textDocument/publishDiagnostics",
                         "params": params if version is None else params | {"version": version}})

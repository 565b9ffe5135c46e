"""The server: one thread that answers in order, and compiles while nothing is asked.

While the whole of a project is compiled, it looks up again and again: a question is answered in between from what was
known before, and a change ends the work, which begins anew when the editor is still.
"""

from __future__ import annotations

import gc
import os
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from cxmetrics import __version__
from cxmetrics.lsp.answers import ANSWERS
from cxmetrics.lsp.asked import Asked, Refused
from cxmetrics.lsp.describing import Describe
from cxmetrics.lsp.inbox import Inbox
from cxmetrics.lsp.offers import CAPABILITIES
from cxmetrics.lsp.project import Project
from cxmetrics.lsp.wire import Garbled, Gone, Json, Wire
from cxmetrics.lsp.workspace import Workspace
from cxmetrics.pauses import go_on
from cxmetrics.render.wording import Language

_PARSE_ERROR, _NO_REQUEST, _NO_METHOD, _NO_PARAMS, _FAULT = -32700, -32600, -32601, -32602, -32603
_NOT_BEGUN, _CANCELLED = -32002, -32800
_STILL: Final = 0.15  # seconds without a message before the whole is compiled
_LOOK: Final = 20.0  # seconds between two looks whether the editor is still there
_CHANGE = "textDocument/didChange"
_CHANGES = frozenset(("textDocument/didOpen", _CHANGE, "textDocument/didClose",
                      "textDocument/didSave", "workspace/didChangeWatchedFiles", "workspace/didChangeWorkspaceFolders",
                      "exit", ""))


class _Superseded(Exception):  # noqa: N818 - ends a compilation, never leaves this module
    """Something has changed since the compilation began."""


class Server:
    """A conversation with an editor."""

    def __init__(self, wire: Wire, language: Language, describe: Describe) -> None:
        self._wire = wire
        self._inbox = Inbox(wire)
        self._language = language
        self._describe = describe
        self._workspace = Workspace(wire, language, lambda: self._inbox.next_method() == _CHANGE)
        self._begun = self._shut = False
        self._parent: int | None = None

    def serve(self) -> int:
        """Answer until the editor leaves.  The exit status: 0 if it said so before, else 1."""
        self._inbox.listen()
        try:
            return self._converse()
        except Gone:
            return 1

    def _converse(self) -> int:
        while True:
            seconds = _STILL if self._begun and self._workspace.busy else _LOOK
            message = self._inbox.take(seconds)
            if message is False:
                if self._parent is not None and not _lives(self._parent):
                    return 1
                self._compile()
            elif message is None or isinstance(message, dict) and message.get("method") == "exit":
                return 0 if self._shut else 1
            elif not isinstance(message, bool):
                self._attend(message)

    def _compile(self) -> None:
        """Compile what is stale, one project after another, and read ahead, until something changes."""
        try:
            while not self._shut and (project := self._workspace.next_stale()) is not None:
                self._compile_one(project)
            for project in self._workspace.projects.values():
                project.read_ahead(self._pause)
        except _Superseded:
            return

    def _compile_one(self, project: Project) -> None:
        known = project.stages is not None
        try:
            project.compile(lambda: self._look_up(answer=known))
        except _Superseded:
            raise
        except Exception as error:  # noqa: BLE001 - the editor goes on; so must the server
            project.stale = False
            self._complain("compile", error)
            return
        gc.freeze()  # what was made stays: it need not be gone through for garbage
        try:
            self._workspace.publish(project, self._pause)
        except _Superseded:
            project.stale = True  # what has not been told yet
            raise

    def _pause(self) -> None:
        self._look_up(answer=True)

    def _look_up(self, *, answer: bool) -> None:
        """Answer what can be answered meanwhile.  Raises `_Superseded` where something is another by now."""
        while (method := self._inbox.next_method()) is not None:
            if method in _CHANGES:
                raise _Superseded
            if not answer:
                return
            message = self._inbox.take()
            if isinstance(message, dict):
                self._attend(message)

    def _attend(self, message: Json | Garbled) -> None:
        """Answer one message, whatever comes of it."""
        if isinstance(message, Garbled):
            self._wire.send({"id": None, "error": {"code": _PARSE_ERROR, "message": message.reason}})
            return
        method, number, params = message.get("method"), message.get("id"), message.get("params")
        if not isinstance(method, str):  # an answer to what the server asked, or nothing of the protocol
            if number is None:
                self._refuse(None, _NO_REQUEST, "no method")
            return
        given: Json = params if isinstance(params, dict) else {}
        if "id" not in message:
            self._hear(method, given)
            return
        if self._inbox.was_cancelled(number):
            self._refuse(number, _CANCELLED, "cancelled")
            return
        self._reply(number, method, given)

    def _reply(self, number: object, method: str, params: Json) -> None:
        try:
            result = self._answer(method, params)
        except Refused as refusal:
            self._refuse(number, refusal.code, refusal.reason)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            self._refuse(number, _NO_PARAMS, self._complain(method, error))
        except Exception as error:  # noqa: BLE001 - the editor goes on; so must the server
            self._refuse(number, _FAULT, self._complain(method, error))
        else:
            self._wire.send({"id": number, "result": result})

    def _refuse(self, number: object, code: int, reason: str) -> None:
        self._wire.send({"id": number, "error": {"code": code, "message": reason}})

    def _complain(self, method: str, error: Exception) -> str:
        """Tell the editor's log what failed, and where in cxmetrics: never what was being read."""
        last = traceback.extract_tb(error.__traceback__)[-1:]
        place = "".join(f" ({Path(frame.filename).name}:{frame.lineno})" for frame in last)
        told = f"{method}: {type(error).__name__}{place}"
        self._wire.send({"method": "window/logMessage", "params": {"type": 1, "message": f"cxmetrics: {told}"}})
        return told

    def _answer(self, method: str, params: Json) -> Any:  # noqa: ANN401 - JSON
        if method == "initialize":
            return self._begin(params)
        if not self._begun:
            raise Refused(_NOT_BEGUN, "initialize comes first")
        if self._shut:
            raise Refused(_NO_REQUEST, "shut down")
        if method == "shutdown":
            self._shut = True
            return None
        answer = ANSWERS.get(method)
        if answer is None:
            raise Refused(_NO_METHOD, method)
        self._workspace.settle(params, self._compile_first)
        return answer(Asked(self._workspace, params, self._language, self._describe))

    def _compile_first(self) -> None:
        """Compile what was never compiled: there is nothing to answer from."""
        for project in self._workspace.projects.values():
            if project.stages is None:
                project.compile(go_on)
                gc.freeze()
                self._workspace.publish(project, go_on)

    def _begin(self, params: Json) -> Json:
        if self._begun:
            raise Refused(_NO_REQUEST, "initialize comes once")
        self._begun = True
        parent = params.get("processId")
        self._parent = parent if isinstance(parent, int) and parent > 0 else None
        options = params.get("initializationOptions")
        asked = (options.get("language") if isinstance(options, dict) else None) or params.get("locale")
        if isinstance(asked, str) and asked:
            self._language = "zh" if asked.lower().startswith("zh") else "en"
        self._workspace.begin(params, self._language)
        return {"capabilities": CAPABILITIES, "serverInfo": {"name": "cxmetrics", "version": __version__}}

    def _hear(self, method: str, params: Json) -> None:
        """Take in what needs no answer; what nobody knows is passed over, as the protocol asks."""
        heard: Mapping[str, Callable[[Json], None]] = self._workspace.hears
        if not self._begun or self._shut or method not in heard:
            return
        try:
            heard[method](params)
        except Exception as error:  # noqa: BLE001 - the editor goes on; so must the server
            self._complain(method, error)


def _lives(process: int) -> bool:
    """Whether a process is there."""
    if os.name == "nt":  # there, a signal would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True

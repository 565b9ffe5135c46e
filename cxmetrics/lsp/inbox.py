"""What has come in and waits: read by a thread of its own, so that a question can be taken back before its turn."""

from __future__ import annotations

import threading
from collections import deque

from cxmetrics.lsp.wire import Garbled, Json, Wire

Message = Json | Garbled | None
_CANCEL = "$/cancelRequest"


class Inbox:
    """Messages in the order they came; None is the end."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._waiting: deque[Message] = deque()
        self._cancelled: set[str | int] = set()
        self._arrived = threading.Condition()

    def listen(self) -> None:
        """Read until the end, in the background."""
        threading.Thread(target=self._listen, name="inbox", daemon=True).start()

    def _listen(self) -> None:
        message: Message = {}
        while message is not None:
            try:
                message = self._wire.read()
            except (OSError, ValueError):  # the other side is gone
                message = None
            with self._arrived:
                if isinstance(message, dict) and message.get("method") == _CANCEL:
                    self._cancel(message.get("params"))
                else:
                    self._waiting.append(message)
                self._arrived.notify()

    def _cancel(self, params: object) -> None:
        asked = params.get("id") if isinstance(params, dict) else None
        waiting = [one.get("id") for one in self._waiting if isinstance(one, dict) and "method" in one]
        if isinstance(asked, str | int) and asked in waiting:
            self._cancelled.add(asked)

    def take(self, seconds: float | None = None) -> Message | bool:
        """The next message; False where none came within some seconds."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: self._waiting, seconds):
                return False
            return self._waiting.popleft()

    def next_method(self) -> str | None:
        """What the next message asks, without taking it; None where none waits, `` for the end and what is garbled."""
        if not self._waiting:
            return None
        message = self._waiting[0]
        return str(message.get("method", "")) if isinstance(message, dict) else ""

    def was_cancelled(self, number: object) -> bool:
        """Whether a question was taken back; asked once of each."""
        with self._arrived:
            if number in self._cancelled:
                self._cancelled.discard(number)
                return True
            return False

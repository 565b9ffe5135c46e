"""Messages of JSON-RPC over two streams of bytes: a header that tells the length, then JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, BinaryIO

Json = dict[str, Any]
MOST_BYTES = 64_000_000  # of a message; a longer one is passed over
_LONGEST_LINE = 8_192
_MOST_LINES = 64
_CHUNK = 1_000_000


@dataclass(frozen=True, slots=True)
class Garbled:
    """A message that could not be read, and why."""

    reason: str


class Gone(Exception):  # noqa: N818 - the end of a conversation
    """Nobody listens any more."""


class Wire:
    """Both ends of a conversation."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing

    def read(self) -> Json | Garbled | None:
        """The next message; None where there is none any more."""
        length = self._length()
        if length is None or isinstance(length, Garbled):
            return length
        if length > MOST_BYTES:
            return self._passed_over(length)
        content = self._incoming.read(length)
        if len(content) < length:
            return None
        try:
            message = json.loads(content)
        except (ValueError, RecursionError):  # no JSON, or brackets without end
            return Garbled("not JSON")
        return message if isinstance(message, dict) else Garbled("not an object")

    def _length(self) -> int | Garbled | None:
        """The length that the header tells."""
        length: int | None = None
        for _ in range(_MOST_LINES):
            line = self._incoming.readline(_LONGEST_LINE)
            if not line:
                return None
            name, _, value = line.strip().partition(b":")
            if not name:
                return Garbled("no length") if length is None else length
            if name.lower() == b"content-length" and value.strip().isdigit() and len(value) < 20:
                length = int(value)
        return Garbled("a header without end")

    def _passed_over(self, length: int) -> Garbled | None:
        while length > 0:
            read = self._incoming.read(min(length, _CHUNK))
            if not read:
                return None
            length -= len(read)
        return Garbled("too long")

    def send(self, message: Json) -> None:
        """Write a message.  Raises `Gone` where nobody reads it."""
        content = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "replace")  # halves of pairs, which may stand in a text, are no UTF-8
        try:
            self._outgoing.write(b"Content-Length: %d\r\n\r\n%b" % (len(content), content))
            self._outgoing.flush()
        except OSError as error:
            raise Gone from error

"""The language server: what an editor asks over standard input and output, answered by the functions of the compiler.

`wire` reads and writes messages, `server` keeps their order, `project` keeps a project compiled as it is written.  The
rest answers questions: each takes what is known and a place, and gives the JSON of the protocol.

The protocol is spoken here and not by a library: it is a header and JSON, while the order in which questions are
answered around a compilation that they may end is the whole matter, and is of one thread here.  So the command works
wherever cxmetrics is installed.
"""

from __future__ import annotations

from cxmetrics.lsp.server import Server

__all__ = ["Server"]

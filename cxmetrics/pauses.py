"""Where long work looks up: whoever asked for it may answer somebody else there, or end it by raising."""

from __future__ import annotations

from collections.abc import Callable

Pause = Callable[[], None]


def go_on() -> None:
    """A pause in which nothing happens."""

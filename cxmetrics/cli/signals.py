"""How a call ends that was told to: Ctrl-C, SIGTERM and SIGHUP let go of the lock and of all that was laid aside."""

from __future__ import annotations

import signal
from types import FrameType

CTRL_C = 128 + signal.SIGINT
_received: list[int] = []


def listen() -> None:
    """Take SIGTERM, which schedulers send, as they take Ctrl-C who sit before the screen.

    And SIGHUP, which comes where the screen has gone, unless whoever began the call has said that it goes on (`nohup`).
    """
    signal.signal(signal.SIGTERM, _stop)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
        signal.signal(signal.SIGHUP, _stop)


def _stop(number: int, _frame: FrameType | None) -> None:
    _received.append(number)
    raise KeyboardInterrupt


def ended() -> int:
    """The exit status of a call that was ended: 128 and the number of the signal."""
    return 128 + (_received[-1] if _received else signal.SIGINT)

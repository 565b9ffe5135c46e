"""Orders to freeze what was published, with who gave them and when."""

from __future__ import annotations

import datetime as dt
import getpass

from cxmetrics.store.commits import Freeze


def freeze_order(before: dt.date, why: str) -> Freeze:
    """An order of the present moment, by the present user."""
    return Freeze(before, who(), dt.datetime.now(dt.UTC), why)


def who() -> str:
    """The user who runs this, as far as the system knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"

"""Under which secret a run hides persons: the same as the runs before it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cxmetrics.codes import stores
from cxmetrics.diagnostics import Fault, report
from cxmetrics.fuse import is_personal
from cxmetrics.plan import Plan
from cxmetrics.run.memory import left_by_last
from cxmetrics.run.reports import RunOptions
from cxmetrics.store import Store
from cxmetrics.store.key import VARIABLE, check_of, secret_of


@dataclass(frozen=True, slots=True)
class Hiding:
    """The `secret`, and what the run leaves behind of it (`check`); `anew`: states of before are under another one.

    `keys`: under which the keys of rows are hidden, persons or not; under another one they are only to be found anew.
    """

    secret: bytes = b""
    check: str | None = None
    anew: bool = False
    keys: bytes = b""


def hiding(plan: Plan, folder: Path, store: Store, options: RunOptions) -> Hiding:
    """What persons are hidden with in the store of a folder, which is locked.

    Raises `Fault` CX806 where it is not what those of before were hidden with, unless everything is computed anew;
    CX807, CX801.
    """
    before = left_by_last(store).get("key")
    persons = any(is_personal(plan, partial.by) for partial in plan.partials)
    if options.dry_run or not (persons or any(origin.unique is not None for origin in plan.sources.values())):
        return Hiding(check=before, keys=secret_of(folder, make=False))
    secret = secret_of(folder)
    if not persons:
        return Hiding(check=before, keys=secret)
    check = check_of(secret)
    anew = before not in (None, check)
    if anew and (not options.full or options.limited):
        raise Fault(report(stores.KEY_OTHER, None, path=folder, variable=VARIABLE))
    return Hiding(secret, check, anew, secret)

"""The store of a project: one that holds the values of another is not opened."""

from __future__ import annotations

from pathlib import Path

from cxmetrics.codes import stores
from cxmetrics.diagnostics import Fault, report
from cxmetrics.ir import Project
from cxmetrics.store import AsOf, Store


def opened(path: Path, project: Project, *, writable: bool = False, as_of: AsOf | None = None) -> Store:
    """Open the store in a folder for a project, as `Store.open` does.

    Raises `Fault` CX810 where its last run was of another project, and what `Store.open` raises.
    """
    store = Store.open(path, writable=writable, as_of=as_of)
    try:
        require_own(store, path, project)
    except BaseException:
        store.close()
        raise
    return store


def require_own(store: Store, path: Path, project: Project, before: str | None = None) -> None:
    """Raise `Fault` CX810 where the last run of a store was of another project; `before`: the name this one had."""
    found = store.project()
    if found not in {None, project.id, before}:
        raise Fault(report(stores.STORE_OF_ANOTHER, project.span, path=path, found=found, project=project.id))


def committed(path: Path, project: Project) -> Store | None:
    """The store of a project to read; None where no run has been committed.  Raises `Fault` as `opened`."""
    try:
        return opened(path, project)
    except Fault as fault:
        if any(found.code is not stores.NO_RUN_YET for found in fault.diagnostics):
            raise
        return None

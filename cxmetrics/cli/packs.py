"""The project that `init --pack` writes: it imports a library that ships, and binds its tables one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cxmetrics.assets import definitions
from cxmetrics.cli.session import Session
from cxmetrics.folders import PROJECT_FILE
from cxmetrics.load import load, read_files
from cxmetrics.load.library import SHIPPED
from cxmetrics.load.scalars import titles
from cxmetrics.schema import SourceDraft
from cxmetrics.source import Located


def pack_files(name: str, session: Session) -> Mapping[str, str]:
    """Each file of a project over the library `name`, by its path, with its text."""
    return {
        PROJECT_FILE: _project(name, session),
        "bind.yaml": "\n".join(_bindings(name, session)) + "\n",
        ".gitignore": "store/\n",
    }


def _project(name: str, session: Session) -> str:
    """The project keys of the library, which are not imported, under a name of one's own."""
    text = (definitions() / name / PROJECT_FILE).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(("#", "project:", "import:"))]
    return "\n".join([f"# {session.say('init.project')}", "project: my_bank", f"import: [{SHIPPED}{name}]", *lines, ""])


def _bindings(name: str, session: Session) -> Iterator[str]:
    sources, _ = read_files(definitions() / name)
    yield f"# {session.say('init.bind')}"
    yield "bind:"
    for document in load(sources)[0].documents:
        for key, draft in document.sources.items():
            yield from _source(key, draft, session)


def _source(key: str, draft: SourceDraft, session: Session) -> Iterator[str]:
    """A source with all that names something of its table; what columns are made of others needs nothing."""
    yield f"  {key}:  # {session.title(titles(draft.title), key)}"
    yield f"    read: {draft.read.value}"
    for name in ("time", "received", "late", "skew", "entity", "weight"):
        written = getattr(draft, name)
        if isinstance(written, Located) and written.value not in draft.columns:
            yield f"    {name}: {written.value}"
    if draft.keep is not None:
        yield f"    keep: {draft.keep.value}"
    if draft.unique is not None:
        by = draft.unique.by
        names = [by.value] if isinstance(by, Located) else [one.value for one in by]
        kept = f", keep: {draft.unique.keep.value}" if draft.unique.keep else ""
        yield f"    unique: {{by: [{', '.join(names)}]{kept}}}"
    named = {dimension: column.value for dimension, column in draft.dimensions.items() if "(" not in column.value}
    if named:  # those that a formula makes need nothing
        made = ", ".join(f"{dimension}: {column}" for dimension, column in named.items())
        yield f"    dimensions: {{{made}}}"
    yield "    columns:"
    for name, column in draft.columns.items():
        if isinstance(column, Located):
            yield f"      {name}: {name}"
        elif column.formula is None:
            yield f"      {name}: {name if column.column is None else column.column.value}"

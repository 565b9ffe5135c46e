"""`cxmetrics store`: what the store holds, whether it is sound, and how it is kept small or taken elsewhere."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cxmetrics.cli.options import day, format_option, language_option, project_argument, project_option
from cxmetrics.cli.session import Refusal, Session
from cxmetrics.cli.terminal import emit, emit_lines, emit_parts, tell
from cxmetrics.cli.usage import Verb, Verbs

if TYPE_CHECKING:
    from cxmetrics.addresses import Address
    from cxmetrics.cli.tables import Shape
    from cxmetrics.ir import Project
    from cxmetrics.store import Store
    from cxmetrics.store.export import Kind

_UNUSUAL = "?" if sys.platform == "win32" else "?\\"  # in the names of folders: DuckDB sees ends of others there
_SHOWN = ("run", "started", "engine", "who", "first", "last", "values")


@click.group("store", cls=Verbs)
def store() -> None:
    """Look after the store."""


@store.command("log", cls=Verb)
@project_argument
@format_option
@language_option
@click.pass_obj
def log(session: Session, project: Path, shape: Shape) -> int:
    """List the runs."""
    from cxmetrics.cli.tables import Column, as_table, shaped

    with _opened(project) as found:
        frame = found.runs()
    if shape == "table":
        rows = [_line(row) for row in frame.iter_rows(named=True)]
        heads = [Column(session.term("column", name), right=name == "values") for name in _SHOWN]
        emit_lines(as_table(heads, rows))
    else:
        emit_parts(shaped(shape, frame.columns, frame.iter_rows(), watched=sys.stdout.isatty()))
    return 0


def _line(row: dict[str, object]) -> list[str]:
    from cxmetrics.cli.figures import NONE, whole

    values = _values(str(row["report"]))
    return [str(row["id"]), f"{row['started']:%Y-%m-%d %H:%M:%S}", str(row["engine"]), str(row["who"]),
            *(NONE if row[end] is None else str(row[end]) for end in ("first", "last")),
            NONE if values is None else whole(values)]


def _values(report: str) -> int | None:
    """How many values a run says that it wrote; None where that cannot be read."""
    try:
        told = json.loads(report)
    except ValueError:
        return None
    count = told.get("values") if isinstance(told, dict) else None
    return count if isinstance(count, int) else None


@store.command("restatements", cls=Verb)
@project_argument
@click.option("--run", "of_run", metavar="RUN")
@format_option
@language_option
@click.pass_obj
def restatements(session: Session, project: Path, of_run: str | None, shape: Shape) -> int:
    """List the published values that runs have changed, or would have."""
    from cxmetrics.cli.restated import told
    from cxmetrics.cli.tables import shaped

    with _opened(project) as found:
        frame = found.restatements(of_run)
    if shape == "table":
        emit_lines(told(list(frame.iter_rows(named=True)), session))
    else:
        emit_parts(shaped(shape, frame.columns, frame.iter_rows(), watched=sys.stdout.isatty()))
    if not frame.height:
        tell(session.say("store.nothing_restated"))
    return 0


@store.command("freeze", cls=Verb)
@click.argument("before", required=False, metavar="[DATE]")
@click.option("--why", metavar="TEXT")
@click.option("--thaw", is_flag=True)
@project_option
@format_option
@language_option
@click.pass_obj
def freeze(session: Session, before: str | None, why: str | None, thaw: bool, project: Path, shape: Shape) -> int:
    """Freeze the values of the periods that end before a day; without one, list what was frozen when."""
    from cxmetrics.cli.restated import orders
    from cxmetrics.cli.tables import shaped

    if before is not None:
        _order(session, project, before, why, thaw=thaw)
        return 0
    with _opened(project) as found:
        frame = found.freezes()
    if shape == "table":
        emit_lines(orders(list(frame.iter_rows(named=True)), session))
    else:
        emit_parts(shaped(shape, frame.columns, frame.iter_rows(), watched=sys.stdout.isatty()))
    return 0


def _order(session: Session, project: Path, text: str, why: str | None, *, thaw: bool) -> None:
    """Enter an order to freeze.  Raises `Fault` CX717, CX751."""
    from cxmetrics.codes.data import FREEZE_BACKWARDS
    from cxmetrics.diagnostics import Fault, report
    from cxmetrics.run.freezes import freeze_order

    before = day(text)
    if not why or not why.strip() or before is None:
        raise Refusal("store.why", 2)
    with _opened(project, writable=True) as found:
        already = found.frozen_before()
        if already is not None and before < already and not thaw:
            raise Fault(report(FREEZE_BACKWARDS, None, before=already, asked=before))
        found.freeze(freeze_order(before, why.strip()))
    tell(session.say("store.frozen", before=before))


@store.command("verify", cls=Verb)
@project_argument
@language_option
@click.pass_obj
def verify(session: Session, project: Path) -> int:
    """Read every file of the store and compare its checksum."""
    from cxmetrics.cli.faults import show
    from cxmetrics.cli.figures import whole

    with _opened(project) as found:
        verified = found.verify()
    if verified.damaged:
        show(verified.damaged, session)
    emit(session.say("store.verified", files=whole(verified.files), size=whole(verified.size),
                     damaged=whole(len(verified.damaged)), orphans=whole(len(verified.orphans))))
    return 1 if verified.damaged else 0


@store.command("vacuum", cls=Verb)
@project_argument
@click.option("--keep", type=click.IntRange(min=1), default=30, show_default=True, metavar="RUNS")
@language_option
@click.pass_obj
def vacuum(session: Session, project: Path, keep: int) -> int:
    """Delete what no recent commit needs."""
    from cxmetrics.cli.figures import whole

    with _opened(project, writable=True) as found:
        count, left = found.vacuum(keep), found.left()
    emit(session.say("store.vacuumed", files=whole(count)))
    if left:
        tell(session.say("store.left", files=whole(left)))
    return 0


@store.command("export", cls=Verb)
@click.argument("target", type=click.Path(path_type=Path))
@project_option
@click.option("--format", "kind", type=click.Choice(("duckdb", "csv", "parquet")), default="duckdb",
              show_default=True)
@language_option
@click.pass_obj
def export(session: Session, target: Path, project: Path, kind: Kind) -> int:
    """Write the tables for other tools."""
    from cxmetrics.cli.figures import whole
    from cxmetrics.store.export import export as write

    if target.exists():
        raise Refusal("store.exists", 1, path=target)
    if not target.absolute().parent.is_dir():
        raise Refusal("store.no_folder", path=target.parent)
    if target.resolve().is_relative_to(store_of(project).resolve()):
        raise Refusal("store.own_folder", 1, path=target)
    # It would look for its log elsewhere.
    if kind == "duckdb" and (sign := next((one for one in _UNUSUAL if one in str(target.absolute().parent)), None)):
        raise Refusal("store.unusual_folder", sign=sign, path=target.parent)
    with _opened(project) as found:
        counts = write(found, target, kind)
    tables = session.say("comma").join(f"{name} {whole(count)}" for name, count in counts.items())
    tell(session.say("store.exported", path=target, tables=tables))
    return 0


@store.command("publish", cls=Verb)
@click.argument("address")
@click.option("--schema", default="cxmetrics", show_default=True, metavar="NAME")
@project_option
@language_option
@click.pass_obj
def publish(session: Session, address: str, schema: str, project: Path) -> int:
    """Write the tables to PostgreSQL."""
    from cxmetrics.cli.figures import whole
    from cxmetrics.compile import compile_project
    from cxmetrics.store.publish import publish as write

    where = _address(address)
    with _opened(project) as found:
        counts = write(found, where, schema, compile_project(project).pyramid.project.id)
    if counts is None:
        tell(session.say("store.published_before"))
    else:
        tables = session.say("comma").join(f"{name} {whole(count)}" for name, count in counts.items())
        tell(session.say("store.published", address=where, schema=schema, tables=tables))
    return 0


def _address(written: str) -> Address:
    """Where to publish.  Raises `Fault` CX740, CX741."""
    from cxmetrics.addresses import Address, has_password, password_of, read_address
    from cxmetrics.codes.data import ADDRESS_UNREADABLE, PASSWORD_WRITTEN
    from cxmetrics.diagnostics import Fault, report
    from cxmetrics.resolve.tables import EXPECTED

    if has_password(written):
        raise Fault(report(PASSWORD_WRITTEN, None, variable=password_of(written)))
    found = read_address(written)
    if isinstance(found, Address) and found.scheme == "postgresql":
        return found
    expected = "an address that begins with postgresql://" if isinstance(found, Address) else EXPECTED[found]
    raise Fault(report(ADDRESS_UNREADABLE, None, expected=expected))


def _opened(project: Path, *, writable: bool = False) -> Store:
    """The store of a project with at least one run; its definitions need not be sound.  Raises `Fault`."""
    from cxmetrics.store.folder import store_in
    from cxmetrics.store.whose import opened

    told = _told(project)
    path = store_in(project, told.store)
    if writable:
        opened(path, told).close()  # nothing is made where there is no run
    return opened(path, told, writable=writable)


def store_of(project: Path) -> Path:
    """The folder of the store of a project, whose definitions need not be sound.  Raises `Fault`."""
    from cxmetrics.store.folder import store_in

    return store_in(project, _told(project).store)


def _told(project: Path) -> Project:
    """What is said of a project whose definitions need not be sound.  Raises `Fault`."""
    from cxmetrics.compile import compile_project
    from cxmetrics.diagnostics import Fault

    result = compile_project(project)
    if result.drafts.project is None:
        raise Fault(*result.diagnostics)
    return result.pyramid.project

"""From what a source says it reads to tables of Parquet files: files found, text turned into columns of text.

Parquet is read where it lies.  CSV and JSON lines become Parquet in a scratch folder, every value text as
it was written: what it means is for the contract of the columns to say.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from cxmetrics.backends.cells import Physical, Table
from cxmetrics.backends.csv_files import convert_all
from cxmetrics.backends.duckdb.rows import files_of
from cxmetrics.backends.duckdb.session import ENGINE_ERRORS, Limits, problem_of, session, words_of
from cxmetrics.backends.json_lines import convert_json_lines
from cxmetrics.backends.needs import readable
from cxmetrics.backends.polars.files import table_of
from cxmetrics.backends.sql import Query, Select, Star, query_text
from cxmetrics.backends.text_files import (
    CSV_ENDINGS,
    JSON_ENDINGS,
    MOST_COLUMNS,
    TOO_MANY,
    ending_of,
    is_blank,
    is_text,
    shown,
)
from cxmetrics.codes import data
from cxmetrics.codes.yaml_files import MOVE_OR_OPEN, PATH_OUTSIDE
from cxmetrics.diagnostics import DID_YOU_MEAN, Diagnostic, Fault, closest, report
from cxmetrics.ir import ColumnSpec, Origin
from cxmetrics.source import Span
from cxmetrics.tables import place_of
from cxmetrics.units import TIME

ROOTS = "CXMETRICS_ROOTS"  # the folders beside the project's that may be read from, separated as in PATH
_DECODED = ".gb18030.parquet"  # ends the names of tables whose text was not UTF-8
IS_FOLDER = "it is a folder, whose files the pattern does not take in"
LEADS_NOWHERE = "it is a link that leads nowhere"
IS_NO_FILE = "it is no file, but a pipe, a socket or a device"
NAME_IS_NO_TEXT = "its name, or that of its folder, is not UTF-8"
_MAGIC = re.compile(r"[*?\[]")
_INTEGERS = frozenset(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
                       "UBIGINT", "UHUGEINT"))
_WIDER = frozenset(("HUGEINT", "UBIGINT", "UHUGEINT"))


def opened_folders() -> tuple[Path, ...]:
    """The folders outside the project that whoever runs it has opened to its definitions; these cannot themselves."""
    return tuple(map(Path, filter(None, os.environ.get(ROOTS, "").split(os.pathsep))))


def outside(path: str, span: Span | None) -> Fault:
    """CX015 for data, or the folder of results."""
    return Fault(report(PATH_OUTSIDE, span, help=MOVE_OR_OPEN, path=path, variable=ROOTS))


def within(path: Path, folders: Iterable[Path]) -> bool:
    """Whether a path, without links, lies in one of some folders."""
    return any(path.is_relative_to(folder) for folder in folders)


# --- finding ---------------------------------------------------------------------------------------------------


def find(root: Path, pattern: str, origin_span: Span | None, source_id: str, *,
         allowed: Iterable[Path] = ()) -> tuple[Path, ...]:
    """The files a pattern (`*`, `?`, `[…]`, `**`; from the project folder `root`) stands for, sorted.

    Names that begin with a dot are left out unless the pattern says the dot.  Absolute paths, links and `..` may
    lead to the folders `allowed` and nowhere else outside.
    Raises `Fault` CX015 for a path that leads outside, CX701 where there is no file, CX702 where something else stands.
    """
    inside = tuple(folder.resolve() for folder in (root, *allowed))
    fixed, rest = _split(pattern)
    try:
        start = (root / fixed).resolve()
        if ".." in rest or not within(start, inside):
            raise outside(pattern, origin_span)
        found, others = list[Path](), list[Path]()
        for path in sorted(_matching(start, rest), key=lambda path: path.parts):
            (found if path.is_file() else others).append(path)
        broken = [*_no_files(others, found), *_no_texts(found)]
    except (ValueError, OSError, RuntimeError):  # no pattern at all: a NUL, `a**`, a name too long; links in a circle
        found, broken = [], []
    folders = {folder: within(folder.resolve(), inside) for folder in {path.parent for path in found}}
    for path in found:  # to resolve each one takes long where files are many
        if not (within(path.resolve(), inside) if path.is_symlink() else folders[path.parent]):
            raise outside(pattern, origin_span)
    if not found:
        missing = report(data.NO_FILES, origin_span, pattern=pattern, source=source_id)
        raise Fault(*broken, *(() if broken else [_guessing(missing, _near_miss(root.resolve(), pattern))]))
    if broken:
        raise Fault(*broken)
    return tuple(found)


def _no_files(others: Iterable[Path], found: Iterable[Path]) -> list[Diagnostic]:
    """CX702 for what is called like a file of data and is none: a delivery must not be passed over for its shape.

    A folder is one where no file in it is found, as engines write them: `visits.parquet/part-0.parquet`.
    """
    own = {path.parent for path in found}
    above = own.union(*(folder.parents for folder in own))
    return [report(data.FILE_UNREADABLE, None, path=shown(path), problem=_shape(path))
            for path in others if (is_text(path) or ending_of(path) == "parquet") and path not in above
            and os.path.lexists(path)]


def _shape(path: Path) -> str:
    """What stands there that is no file."""
    if path.is_dir():
        return IS_FOLDER
    return IS_NO_FILE if path.exists() else LEADS_NOWHERE


def _no_texts(found: Iterable[Path]) -> Iterator[Diagnostic]:
    """CX702 for paths that are no text, which neither engines nor the ledger can be told."""
    for path in found:
        name = os.fsencode(path)
        told = name.decode(errors="backslashreplace")
        if told != str(path):
            yield report(data.FILE_UNREADABLE, None, path=told, problem=NAME_IS_NO_TEXT)


def _guessing(diagnostic: Diagnostic, guess: str | None) -> Diagnostic:
    """The finding, with what was probably meant."""
    if guess is None:
        return diagnostic
    return replace(diagnostic, help=DID_YOU_MEAN, facts={**diagnostic.facts, "guess": guess})


def _split(pattern: str) -> tuple[PurePosixPath, tuple[str, ...]]:
    """The folders before the first wildcard, and the rest of the pattern by parts."""
    parts = PurePosixPath(pattern).parts
    count = next((i for i, part in enumerate(parts) if _MAGIC.search(part)), len(parts))
    rest = parts[count:]
    return PurePosixPath(*parts[:count]), (*rest, "*") if rest[-1:] == ("**",) else rest


def _matching(start: Path, rest: tuple[str, ...]) -> Iterator[Path]:
    if not rest:
        yield start
        return
    dots, hidden = sum(part.startswith(".") for part in rest), os.sep + "."
    before = str(start).count(hidden)
    yield from (path for path in start.glob("/".join(rest)) if str(path).count(hidden) - before <= dots)


def _near_miss(root: Path, pattern: str) -> str | None:
    """The pattern with its first part that leads nowhere replaced by a name that is there."""
    try:
        return _nearest(root, PurePosixPath(pattern).parts)
    except (ValueError, OSError):
        return None


def _nearest(folder: Path, parts: tuple[str, ...]) -> str | None:
    for i, part in enumerate(parts):
        if _MAGIC.search(part):
            return _other_ending(folder, parts, i)
        if not (folder / part).exists():
            name = closest(part, (path.name for path in folder.iterdir()))
            return None if name is None else "/".join((*parts[:i], name, *parts[i + 1:]))
        folder = folder / part
        if not folder.is_dir():
            return None
    return "/".join((*parts, "*"))


def _other_ending(folder: Path, parts: tuple[str, ...], at: int) -> str | None:
    """The pattern with the ending that most files there have."""
    stem, dot, _ = parts[-1].partition(".")
    if not dot or at != len(parts) - 1:
        return None
    endings = [path.name.partition(".")[2] for path in folder.glob(f"{stem}.*") if path.is_file()]
    known = [ending for ending in endings if ending.lower() in ("parquet", *CSV_ENDINGS, *JSON_ENDINGS)]
    if not known:
        return None
    return "/".join((*parts[:-1], f"{stem}.{max(sorted(set(known)), key=known.count)}"))


# --- opening ---------------------------------------------------------------------------------------------------


def open_table(files: Iterable[Path], *, scratch: Path) -> Table:
    """The files as one table; columns by name, null where a file lacks one.

    CSV and JSON lines are converted into `scratch`, once each.  Files with nothing in them are left out.
    Raises `Fault`: CX702 for a file that cannot be read, CX708 for a ragged line, CX709 for text that is neither UTF-8
    nor GB18030, CX710 where all files are empty.
    """
    given = tuple(files)
    full = tuple(path for path in given if not is_blank(path))
    if not full:
        raise Fault(*(report(data.EMPTY_FILE, None, path=shown(path)) for path in given))
    parquet = _converted(full, scratch)
    table = table_of(parquet) or _described(parquet)
    if len(table.columns) > MOST_COLUMNS:
        raise _unreadable(full[0], TOO_MANY)
    return table


def empty_files(files: Iterable[Path]) -> tuple[Diagnostic, ...]:
    """A warning, CX710, for each file with nothing in it."""
    return tuple(report(data.EMPTY_FILE, None, path=shown(path)) for path in files if is_blank(path))


def _converted(files: tuple[Path, ...], scratch: Path) -> tuple[Path, ...]:
    """The Parquet files with the rows of files."""
    stems = {path: _stem(path, scratch) for path in files if is_text(path)}
    lacking = {stem: path for path, stem in stems.items() if _done(stem) is None}  # of links to one file, one
    new = {path: stem.with_suffix(".part") for stem, path in lacking.items()}
    csv = {path: part for path, part in new.items() if ending_of(path) in CSV_ENDINGS}
    other = convert_all(csv) if csv else frozenset[Path]()
    other |= {path for path, part in new.items() if path not in csv and convert_json_lines(path, part)}
    for path, part in new.items():
        part.replace(_targets(stems[path])[path in other])
    return tuple((_done(stems[path]) or path) if path in stems else path for path in files)


def _stem(path: Path, scratch: Path) -> Path:
    """What the rows of a text file, as it is now, are to be called, without an ending."""
    state = path.stat()
    identity = f"{path.resolve()}\0{state.st_size}\0{state.st_mtime_ns}"
    scratch.mkdir(parents=True, exist_ok=True)
    return scratch / hashlib.sha256(identity.encode(errors="surrogateescape")).hexdigest()[:24]


def _targets(stem: Path) -> tuple[Path, Path]:
    """The file of rows that were UTF-8, and of those that were not."""
    return stem.with_suffix(".parquet"), stem.with_suffix(_DECODED)


def _done(stem: Path) -> Path | None:
    return next((target for target in _targets(stem) if target.exists()), None)


def decoded(table: Table) -> int:
    """How many of the files of a table are not UTF-8, and were read as GB18030."""
    return sum(path.name.endswith(_DECODED) for path in table.files)


def _described(files: tuple[Path, ...]) -> Table:
    """Parquet files together, with the columns that DuckDB finds in them.  Raises `Fault` CX702."""
    table = Table(files, dict.fromkeys(_partition_keys(files), "text"))
    query = query_text(Query((), Select(((Star(), None),), files_of(table))))
    try:
        with session(files, "UTC", Limits(threads=1)) as connection:
            relation = connection.sql(query)
            kinds = {name: str(kind) for name, kind in zip(relation.columns, relation.types, strict=True)}
            wider = frozenset(name for name, kind in kinds.items() if _is_wider(kind))
            return Table(files, {name: _physical(kind) for name, kind in kinds.items()}, wider)
    except ENGINE_ERRORS as error:
        for path in files:
            problem = problem_of(path)
            if problem is not None:
                raise _unreadable(path, problem) from error
        raise _unreadable(files[0], words_of(error, files[0])) from error


def _partition_keys(files: tuple[Path, ...]) -> tuple[str, ...]:
    """The columns that folders such as `region=North` give.  Raises `Fault` CX702 where files have different ones."""
    keys = [tuple(part.partition("=")[0] for part in path.parts[:-1] if "=" in part) for path in files]
    for path, own in zip(files, keys, strict=True):
        if own != keys[0]:
            raise _unreadable(path, f"its folders give the columns ({', '.join(own)}), "
                                    f"those of `{shown(files[0])}` give ({', '.join(keys[0])})")
    return keys[0] if keys else ()


def _unreadable(path: Path, problem: str) -> Fault:
    return Fault(report(data.FILE_UNREADABLE, None, path=shown(path), problem=problem))


def _physical(kind: str) -> Physical:
    """What a type of DuckDB is to a source."""
    if kind in _INTEGERS or (kind.startswith("DECIMAL") and kind.endswith(",0)")):
        return "integer"
    if kind in ("FLOAT", "DOUBLE") or kind.startswith("DECIMAL"):
        return "number"
    if "WITH TIME ZONE" in kind or kind.startswith("TIMESTAMPTZ"):
        return "instant"
    if kind.startswith("TIMESTAMP"):
        return "time"
    if kind in ("VARCHAR", "UUID", "JSON", '"NULL"') or kind.startswith("ENUM"):
        return "text"
    if kind == "BOOLEAN":
        return "boolean"
    return "date" if kind == "DATE" else "other"


def _is_wider(kind: str) -> bool:
    """Whether a type of DuckDB holds more than ours of its kind (see `Table`)."""
    return kind.endswith("_NS") or kind in _WIDER or (kind.startswith("DECIMAL") and kind.endswith(",0)"))


# --- proving ---------------------------------------------------------------------------------------------------


def require(table: Table, origin: Origin) -> None:
    """Prove that the table has what the source declares, in types that can be read as the declared ones.

    Raises `Fault` CX703 and CX704, all of them at once.
    """
    found = [*_absent(table, origin), *unfitting(table, origin)]
    if found:
        raise Fault(*found)


def _absent(table: Table, origin: Origin) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    for physical, span in asked_of(origin):
        if physical in table.columns or physical in seen:
            continue
        seen.add(physical)
        absent = report(data.COLUMN_ABSENT, span, column=physical, source=origin.id, path=place_of(origin))
        yield _guessing(absent, closest(physical, table.columns))


def asked_of(origin: Origin) -> Iterator[tuple[str, Span | None]]:
    """The physical columns that the source names, and where."""
    for spec in origin.columns.values():
        if spec.own and spec.privacy != "C3":  # those are not even looked for
            yield spec.physical, spec.span or origin.span
    unknown = (each for each in origin.bindings if each.declared and origin.column_of(each) is None)
    yield from ((binding.column, binding.span or origin.span) for binding in unknown)
    used = (origin.time, origin.received, origin.entity, *(origin.unique.by if origin.unique else ()))
    yield from ((name, origin.span) for name in used if isinstance(name, str) and name not in origin.columns)


def unfitting(table: Table, origin: Origin) -> Iterator[Diagnostic]:
    """CX704 for each column whose type cannot be read as the declared one."""
    moments = [name for name in (origin.time, origin.received) if isinstance(name, str) and name not in origin.columns]
    implied = (ColumnSpec(name, "time", TIME, name, span=origin.span) for name in moments)
    for spec in (*origin.columns.values(), *implied):
        kind = table.columns.get(spec.physical)
        if spec.own and kind is not None and not readable(spec, kind):
            yield report(data.COLUMN_TYPE, spec.span, column=spec.name, expected=spec.type, found=kind)

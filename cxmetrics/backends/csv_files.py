"""CSV as Parquet whose columns are all text, strictly: every line has as many fields as the header.

DuckDB does the work.  Where it refuses a file, the file is read again slowly to say what is wrong with it,
or, if nothing is (mixed line breaks, another encoding), to write it in the form that DuckDB takes.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from io import SEEK_END, TextIOWrapper
from pathlib import Path

from cxmetrics.backends.duckdb.rows import glob_of
from cxmetrics.backends.duckdb.session import ENGINE_ERRORS, Connection, Limits, session, words_of
from cxmetrics.backends.sql import Call, Cast, Literal, Name, Node, Query, Record, Select
from cxmetrics.backends.statements import copy_to_parquet
from cxmetrics.backends.text_files import (
    MOST_COLUMNS,
    TOO_MANY,
    as_utf8,
    bad_byte,
    chunks,
    opened,
    partitions,
    shown,
    unreadable,
)
from cxmetrics.codes import data
from cxmetrics.diagnostics import Fault, report

LONGEST = 1 << 21  # bytes of a line
TOO_LONG = "a line is too long"
SEPARATORS = ",;\t|"


def convert_all(files: Mapping[Path, Path]) -> frozenset[Path]:
    """Write the rows of CSV files as Parquet where each is mapped to, all in one folder, through one connection.

    To open one takes longer than to convert a day.  Those that are not UTF-8.  Raises `Fault` as `convert_csv`.
    """
    scratch = next(iter(files.values())).parent
    with session((*files, *files.values()), "UTC", Limits(scratch=scratch), ordered=True) as connection:
        return frozenset(path for path, target in files.items() if convert_csv(path, target, connection))


def convert_csv(path: Path, target: Path, through: Connection | None = None) -> bool:
    """Write the rows of a CSV file (perhaps `.gz`) as Parquet; its folders' partitions become columns.

    Whether it is not UTF-8, and was read as GB18030.
    `through`: a connection that may read the one and write the other; without it, one is opened.

    The separator is that of `,` `;` tab `|` which the header has most of (tab for `.tsv`).  Names of the
    header are stripped; one that is empty becomes `column3` by its place.
    Raises `Fault`: CX702, CX708, CX709.
    """
    text = path
    try:
        # The header has to be characters before anything can be said of the rest.
        text = path if bad_byte_in_head(path) is None else as_utf8(path, target.with_suffix(".utf8"))
        return _convert(path, text, target, through if text == path else None) or text != path
    finally:
        if text != path:
            text.unlink(missing_ok=True)


def bad_byte_in_head(path: Path) -> int | None:
    """The offset of the first byte that is not UTF-8, if it is in the header; as far as the whole file tells."""
    with opened(path) as stream:
        try:
            head = stream.readline(LONGEST)
        except (OSError, EOFError):
            return None
    try:
        head.decode()
    except UnicodeDecodeError:
        return bad_byte(path)
    return None


def _convert(path: Path, text: Path, target: Path, through: Connection | None) -> bool:
    """Whether the text had to be read as GB18030."""
    separator = _separator(path, text)
    names, simple = _header(path, text, separator)
    if simple:
        problem = _copied(path, text, separator, names, target, through)
        if problem is None:
            return False
    plain, utf8 = target.with_suffix(".csv"), target.with_suffix(".text")
    try:
        readable = as_utf8(text, utf8)
        _write_plain(path, readable, separator, len(names), plain)
        problem = _copied(path, plain, ",", names, target)
        if problem is not None:
            raise unreadable(path, problem)
        return readable != text
    finally:
        plain.unlink(missing_ok=True)
        utf8.unlink(missing_ok=True)


def _copied(path: Path, text: Path, separator: str, names: tuple[str, ...], target: Path,
            through: Connection | None = None) -> str | None:
    """Have DuckDB convert `text`; what it says, if it does not."""
    packed = text.name.lower().endswith(".gz")
    if _has_long(text) if packed else _ends_long(text):
        return TOO_LONG  # DuckDB leaves such a line out, where it is the last
    columns = Record(tuple((name, Literal("VARCHAR")) for name in names))
    options: tuple[tuple[str, Node], ...] = (
        ("auto_detect", Literal(False)), ("header", Literal(True)), ("delim", Literal(separator)),
        ("quote", Literal('"')), ("escape", Literal('"')), ("strict_mode", Literal(True)),
        ("max_line_size", Literal(LONGEST)), ("columns", columns),
        ("compression", Literal("gzip" if packed else "none")))
    read = Call("read_csv", (Literal(glob_of(str(text))),), options)  # a name may be a pattern of others
    folders = partitions(path)
    items: list[tuple[Node, str | None]] = [(Name(name), None) for name in names if name not in folders]
    items += [(Cast(Literal(value), "VARCHAR"), name) for name, value in folders.items()]
    try:
        # In their order: where a row stands decides between rows of one time.
        alone = session((text,), "UTC", Limits(scratch=target.parent), writes=target, ordered=True)
        with alone if through is None else nullcontext(through) as connection:
            connection.execute(copy_to_parquet(Query((), Select(tuple(items), read)), str(target))).fetchall()
    except ENGINE_ERRORS as error:
        target.unlink(missing_ok=True)
        return words_of(error, text)
    return None


def _ends_long(text: Path) -> bool:
    """Whether the last line is longer than lines may be."""
    with text.open("rb") as stream:
        stream.seek(max(0, stream.seek(0, SEEK_END) - LONGEST - 2))
        tail = stream.read()
    return len(tail) > LONGEST and not {10, 13} & set(tail.rstrip(b"\r\n"))


def _has_long(packed: Path) -> bool:
    """Whether a line is longer than lines may be."""
    before = 0  # bytes of a line that began in chunks before
    for chunk in chunks(packed):
        first = chunk.find(b"\n")
        if before + (len(chunk) if first < 0 else first) > LONGEST:
            return True
        before = before + len(chunk) if first < 0 else len(chunk) - chunk.rfind(b"\n")
    return False


# --- reading slowly --------------------------------------------------------------------------------------------


def _lines(path: Path, stream: TextIOWrapper) -> Iterator[str]:
    """The lines of a text.  Raises `Fault` CX702 for one too long, of which no more is read."""
    number = 1
    while line := stream.readline(LONGEST + 1):
        if len(line) > LONGEST:
            raise unreadable(path, f"line {number} is too long")
        yield line
        number += 1


def _separator(path: Path, text: Path) -> str:
    if path.name.lower().removesuffix(".gz").endswith(".tsv"):
        return "\t"
    with TextIOWrapper(opened(text), "utf-8-sig", errors="replace", newline="") as stream:
        line = next((line for line in _lines(path, stream) if line.strip()), "")
    outside = "".join(line.split('"')[::2])
    return max(SEPARATORS, key=outside.count)


def _records(path: Path, text: Path, separator: str) -> Iterator[tuple[int, list[str]]]:
    """The records that are not blank, each with the number of the line it begins on.  Raises `Fault` CX702."""
    csv.field_size_limit(LONGEST)
    with TextIOWrapper(opened(text), "utf-8-sig", errors="replace", newline="") as stream:
        reader, line = csv.reader(_lines(path, stream), delimiter=separator, strict=True), 1
        try:
            for record in reader:
                if record:
                    yield line, record
                line = reader.line_num + 1
        except csv.Error as error:
            raise unreadable(path, f"line {line}: {error}") from error
        except (OSError, EOFError) as error:
            raise unreadable(path, "the packed stream is broken") from error


def _header(path: Path, text: Path, separator: str) -> tuple[tuple[str, ...], bool]:
    """The names of the columns, and whether they are the first line: DuckDB takes the line break in a name for the
    end of the header, and leaves out rows.  Raises `Fault` CX702 where a name comes twice.
    """
    line, record = next(_records(path, text, separator))
    if len(record) > MOST_COLUMNS:
        raise unreadable(path, TOO_MANY)
    names = tuple(name.strip() or f"column{i}" for i, name in enumerate(record, 1))
    folded: dict[str, str] = {}
    for name in names:
        if "\0" in name:
            raise unreadable(path, "the header holds a NUL character")
        if name.lower() in folded:
            raise unreadable(path, f"the header has `{name}` twice" if folded[name.lower()] == name else
                             f"the header has both `{folded[name.lower()]}` and `{name}`, which differ in case alone")
        folded[name.lower()] = name
    return names, line == 1 and not any(set("\r\n") & set(name) for name in record)


def _write_plain(path: Path, text: Path, separator: str, width: int, target: Path) -> None:
    """Write the records with commas and plain line breaks, under a header of one line; its names are known.

    Raises `Fault` CX708 for one of another width.
    """
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
        records = _records(path, text, separator)
        writer.writerow(range(len(next(records)[1])))
        for line, record in records:
            if len(record) != width:
                raise Fault(report(data.RAGGED_LINE, None, path=shown(path), line=line, expected=width,
                                   found=len(record)))
            writer.writerow(record)

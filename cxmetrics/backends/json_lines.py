"""JSON lines as Parquet whose columns are all text: numbers as they were written, nested values as their JSON."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from cxmetrics.backends.text_files import MOST_COLUMNS, TOO_MANY, as_utf8, opened, partitions, unreadable

BATCH = 50_000  # lines kept in memory at once, at most
BYTES = 1 << 26  # of lines kept in memory at once, but for the last
CELLS = 5_000_000  # of a table kept in memory, but for the last line
LONGEST = 1 << 24  # bytes of a line
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)

Row = dict[str, str | None]


def convert_json_lines(path: Path, target: Path) -> bool:
    """Write the objects of a file, one a line, as Parquet; its folders' partitions become columns.

    Whether it is not UTF-8, and was read as GB18030.  A key that an object lacks is null, as is JSON's null; true and
    false are words.
    Raises `Fault`: CX702 for a line that is no object, CX709.
    """
    copy = target.with_suffix(".utf8")
    parts: list[Path] = []
    sizes = list[int]()
    try:
        text = as_utf8(path, copy)
        columns = dict[str, None]()
        for number, rows in enumerate(_batches(path, text)):
            for row in rows:
                columns.update(dict.fromkeys(row))
            if len(columns) > MOST_COLUMNS:
                raise unreadable(path, TOO_MANY)
            parts.append(target.with_suffix(f".part{number}"))
            _frame(rows).write_parquet(parts[-1])
            sizes.append(len(rows))
        _prove_names(path, columns)
        rows_at_once = min(sizes[:-1], default=BATCH)  # whoever reads them has to hold as many
        pl.concat([_complete(part, columns) for part in parts]).sink_parquet(target, row_group_size=rows_at_once)
        return text != path
    finally:
        for part in (*parts, copy):
            part.unlink(missing_ok=True)


def _frame(rows: list[Row]) -> pl.DataFrame:
    names = dict.fromkeys(name for row in rows for name in row)
    return pl.DataFrame({name: pl.Series([row.get(name) for row in rows], dtype=pl.String) for name in names})


def _complete(part: Path, columns: dict[str, None]) -> pl.LazyFrame:
    there = pl.read_parquet_schema(part)
    frame = pl.scan_parquet(part, glob=False, hive_partitioning=False)
    return frame.select(pl.col(name) if name in there else pl.lit(None, pl.String).alias(name) for name in columns)


def _prove_names(path: Path, columns: dict[str, None]) -> None:
    folded: dict[str, str] = {}
    for name in columns:
        other = folded.setdefault(name.lower(), name)
        if other != name:
            raise unreadable(path, f"the keys `{other}` and `{name}` differ only in capitals")


def _batches(path: Path, text: Path) -> Iterator[list[Row]]:
    folders, rows, names, size = partitions(path), list[Row](), set[str](), 0
    for number, line in _lines(path, text):
        rows.append({**_row(path, number, line), **folders})
        names.update(rows[-1])
        size += len(line)
        if len(names) > MOST_COLUMNS:
            raise unreadable(path, TOO_MANY)
        if len(rows) == BATCH or size > BYTES or len(rows) * len(names) > CELLS:
            yield rows
            rows, size = [], 0
            names.clear()
    if rows:
        yield rows


def _lines(path: Path, text: Path) -> Iterator[tuple[int, str]]:
    with opened(text) as stream:
        number = 0
        while line := stream.readline(LONGEST):
            number += 1
            if len(line) == LONGEST:
                raise unreadable(path, f"line {number} is too long")
            line = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if line.strip():
                yield number, line.decode()


def _row(path: Path, number: int, line: str) -> Row:
    try:
        found = _DECODER.decode(line)
        if not isinstance(found, dict):
            raise unreadable(path, f"line {number} is no JSON object")
        if any(isinstance(value, dict | list) for value in found.values()):
            found = _raw(line)
    except (ValueError, RecursionError) as error:
        raise unreadable(path, f"line {number} is no JSON object") from error
    return {name: _word(value) for name, value in found.items()}


def _word(value: object) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def _raw(line: str) -> dict[str, object]:
    """The values of an object (known to be sound); those that are nested as they stand in the line."""
    found: dict[str, object] = {}
    at = _past_blanks(line, line.index("{") + 1)
    while line[at] != "}":
        name, at = _DECODER.raw_decode(line, at)
        at = _past_blanks(line, _past_blanks(line, at) + 1)  # past the colon
        value, end = _DECODER.raw_decode(line, at)
        found[name] = line[at:end] if isinstance(value, dict | list) else value
        at = _past_blanks(line, end)
        if line[at] == ",":
            at = _past_blanks(line, at + 1)
    return found


def _past_blanks(line: str, at: int) -> int:
    while line[at] in " \t\r\n":
        at += 1
    return at

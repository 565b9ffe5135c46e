"""Rows in three shapes: a table for people, JSON and CSV for programs."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Literal

from rich.cells import cell_len

from cxmetrics.render.wording import shown, visible

Shape = Literal["table", "json", "csv"]
Row = Sequence[object]
# Escaped in JSON, where that says the same: what steers a terminal, and halves of pairs.
_STEERING = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table for people: its heading, and whether its cells end at the right."""

    heading: str
    right: bool = False


def as_json(names: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """One array of objects, an object a line: dates as `YYYY-MM-DD`, missing as null, numbers that read back equal."""
    before = "[\n"
    for row in rows:
        record = {name: plain(cell) for name, cell in zip(names, row, strict=True)}
        text = json.dumps(record, ensure_ascii=False, allow_nan=False)
        yield before + _STEERING.sub(lambda char: f"\\u{ord(char[0]):04x}", text)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def as_csv(names: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """RFC 4180 with line feeds, in UTF-8, with a header; missing is empty."""
    yield _record(names)
    for row in rows:
        yield _record([_field(plain(cell)) for cell in row])


def plain(cell: object) -> object:
    """A cell as JSON has it."""
    match cell:
        case float():
            return cell if isfinite(cell) else None
        case Decimal():
            return int(cell) if cell == cell.to_integral_value() else float(cell)
        case dt.date():
            return cell.isoformat()
        case None | bool() | int() | str() | list():
            return cell
        case _:
            return str(cell)


def _field(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return repr(cell) if isinstance(cell, float) else str(cell)


def _record(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def as_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines with columns below each other; wide characters take two cells."""
    cells = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, (column.heading, *(row[i] for row in cells)))) for i, column in enumerate(columns)]
    yield _line([column.heading for column in columns], columns, widths)
    yield _line(["-" * width for width in widths], columns, widths)
    for row in cells:
        yield _line(row, columns, widths)


def padded(text: str, width: int, *, right: bool = False) -> str:
    """`text` with blanks up to `width` cells."""
    blanks = " " * max(0, width - cell_len(text))
    return blanks + text if right else text + blanks


def clipped(text: str, width: int) -> str:
    """`text` in at most `width` cells, with an ellipsis where something is left out."""
    if cell_len(text) <= width:
        return text
    kept = ""
    for char in text:
        if cell_len(kept + char) > width - 1:
            break
        kept += char
    return f"{kept}…"


def _line(cells: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    parts = zip(cells, columns, widths, strict=True)
    return "  ".join(padded(cell, width, right=column.right) for cell, column, width in parts).rstrip()


def shaped(shape: Literal["json", "csv"], names: Sequence[str], rows: Iterable[Row], *, watched: bool) -> Iterator[str]:
    """Rows for programs; `watched`: a terminal shows them, which no text from the data may steer."""
    if shape == "json":
        return as_json(names, rows)
    lines = as_csv(names, rows)
    return ("".join(char if char == "\n" else shown(char) for char in line) for line in lines) if watched else lines


def records(rows: Iterable[Mapping[str, object]], names: Sequence[str]) -> Iterator[Row]:
    """Rows of maps in the order of `names`."""
    return ([row.get(name) for name in names] for row in rows)

"""Case files: a behaviour in Markdown, with a small project, small tables and the numbers that come out.

Prose is for people.  Fenced blocks say the rest, by their first word and a path in the project:

    yaml PATH            definitions
    csv PATH, jsonl PATH a table as it stands; `parquet PATH` is written from a table in CSV, types as found
    sqlite PATH, duckdb PATH   a database: the statements that make it, or that change the one that is there
    … PATH later         the table arrives after a first run
    expect               rows of `values`, in columns between bars; only the columns named are compared
    rejects              rows of what was rejected or nulled, all of them
    diagnostics          everything that is wrong with the definitions, or what stopped the run, as text

In `expect`, the columns `indicator`, `grain`, `period` and dimensions find the row: an empty dimension is "all", and so
is one that is not named.  Numbers may be fractions (`2/3`); `missing` is no value; `no row` in `value` says that there
is none; an empty cell is not compared.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import duckdb
import polars as pl

BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.M | re.S)
TABLES = ("csv", "jsonl", "parquet", "sqlite", "duckdb")
KNOWN = {"yaml": 2, "expect": 1, "rejects": 1, "diagnostics": 1}
PLACE = ("indicator", "grain", "period")
MEASURES = ("value", "n", "n_effective", "low", "high", "score", "coverage", "target", "gap", "peer", "peer_gap",
            "peer_low", "peer_high", "peer_rank", "peer_percentile", "peers", "change", "change_low", "change_high",
            "moved", "status", "unit", "level")
NO_ROW = "no row"


@dataclass(frozen=True, slots=True)
class Case:
    """A case file, taken apart; files are (path, kind, text)."""

    path: Path
    title: str
    files: tuple[tuple[str, str, str], ...]
    later: tuple[tuple[str, str, str], ...]
    expected: tuple[Mapping[str, str], ...]
    rejects: tuple[Mapping[str, str], ...] | None
    diagnostics: str | None

    def write(self, root: Path, *, later: bool) -> None:
        """Write the project into a folder, with the tables that arrive later or without them."""
        for path, kind, text in self.files + (self.later if later else ()):
            _write(root / path, kind, text)

    def write_later(self, root: Path) -> None:
        """Write only what arrives later."""
        for path, kind, text in self.later:
            _write(root / path, kind, text)


def read_case(path: Path) -> Case:
    """The case in a file.  Raises `ValueError` for a block that means nothing."""
    text = path.read_text("utf-8")
    files: dict[bool, list[tuple[str, str, str]]] = {False: [], True: []}
    blocks: dict[str, list[str]] = {"expect": [], "rejects": [], "diagnostics": []}
    for info, body in BLOCK.findall(text):
        words = info.split()
        if words and words[0] in ("yaml", *TABLES) and words[2:] in ([], ["later"]) and len(words) > 1:
            files[len(words) == 3].append((words[1], words[0], body))
        elif len(words) == 1 and words[0] in blocks:
            blocks[words[0]].append(body)
        else:
            raise ValueError(f"{path.name}: a block of `{info}`")
    expected = tuple(row for body in blocks["expect"] for row in _rows(body))
    if not expected and not blocks["diagnostics"]:
        raise ValueError(f"{path.name}: expects nothing")
    rejects = tuple(row for body in blocks["rejects"] for row in _rows(body)) if blocks["rejects"] else None
    diagnostics = blocks["diagnostics"][0] if blocks["diagnostics"] else None
    return Case(path, text.partition("\n")[0].removeprefix("# "), tuple(files[False]), tuple(files[True]), expected,
                rejects, diagnostics)


def refill(path: Path, diagnostics: str) -> None:
    """Put what is said now into the `diagnostics` block of a case."""
    text = path.read_text("utf-8")
    block = f"```diagnostics\n{diagnostics}```"
    path.write_text(re.sub(r"^```diagnostics\n.*?^```$", lambda _: block, text, count=1, flags=re.M | re.S), "utf-8")


def _rows(body: str) -> Iterator[dict[str, str]]:
    lines = [[cell.strip() for cell in line.split("|")] for line in body.splitlines() if line.strip()]
    names, *rows = lines
    for row in rows:
        if len(row) != len(names):
            raise ValueError(f"{len(row)} cells under {len(names)} names: {row}")
        yield dict(zip(names, row, strict=True))


def _write(path: Path, kind: str, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "parquet":
        pl.read_csv(io.StringIO(text), try_parse_dates=True).write_parquet(path)
    elif kind == "sqlite":
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(text)
    elif kind == "duckdb":
        with closing(duckdb.connect(path)) as connection:
            connection.execute(text)
    else:
        path.write_text(text, "utf-8")


# --- numbers against what is expected ------------------------------------------------------------------------------


def unlike(case: Case, values: pl.DataFrame) -> list[str]:
    """What in `values` is not as the case expects it, in words."""
    return [problem for row in case.expected for problem in _compare(row, values)]


def _compare(row: Mapping[str, str], values: pl.DataFrame) -> Iterator[str]:
    found = _find(row, values)
    named = " ".join(f"{key}={text}" for key, text in row.items() if text and key not in MEASURES)
    if row.get("value") == NO_ROW:
        if found.height:
            yield f"{named}: {found.height} rows, expected none"
        return
    if found.height != 1:
        yield f"{named}: {found.height} rows, expected one"
        return
    actual = found.row(0, named=True)
    for name, text in row.items():
        if name in MEASURES and text and not same(actual[name], text):
            yield f"{named}: {name} is {actual[name]!r}, expected {text}"


def _find(row: Mapping[str, str], values: pl.DataFrame) -> pl.DataFrame:
    known = {*PLACE, *MEASURES, *dimensions(values)}
    if not set(row) <= known:
        raise ValueError(f"no column {', '.join(sorted(set(row) - known))} in `values`")
    found = values
    for name in PLACE:
        if row.get(name):
            wanted = dt.date.fromisoformat(row[name]) if name == "period" else row[name]
            found = found.filter(pl.col(name) == wanted)
    for name in dimensions(values):
        found = found.filter(pl.col(name).is_null() if not row.get(name) else pl.col(name) == row[name])
    return found


def dimensions(values: pl.DataFrame) -> list[str]:
    """The dimensions of a table of values: what stands between the period and the value."""
    return values.columns[values.columns.index("period") + 1:values.columns.index("value")]


def same(actual: object, expected: str) -> bool:
    """Whether a cell is what was expected: numbers to 1e-9 of their size."""
    if expected == "missing" or actual is None:
        return expected == "missing" and actual is None
    if isinstance(actual, str):
        return actual == expected
    wanted = float(Fraction(expected))
    return isinstance(actual, int | float) and abs(actual - wanted) <= 1e-9 * max(abs(wanted), 1e-3)

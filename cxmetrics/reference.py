"""The reference of formulas as a page: the comments of the grammar, then the functions as their table has them.

`python -m cxmetrics.reference` prints it; the repository holds it as `grammar/formulas.md`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence

from cxmetrics.assets import grammar
from cxmetrics.diagnostics import Phrase
from cxmetrics.functions import (
    AGGREGATES,
    NUMBERS,
    PEER_FUNCTIONS,
    ROW_ANSWERS,
    ROW_TEXTS,
    ROW_TIMES,
    WINDOWS,
    AggregateFunction,
    NumberFunction,
)
from cxmetrics.units import DURATIONS, MULTIPLIERS

_FILE = "formula.lark"
_MADE = "<!-- Made by `make reference` from formula.lark and functions.py: change those. -->"
_PERCENTILE = re.compile(r"p\d\d\Z")
_EXAMPLE = re.compile(r"^ {4}(\S.*)$", re.M)
_RESULTS = {"count": "a count", "argument": "that of the argument", "share": "a share", "nps": "nps",
            "number": "a number", "time": "a time"}
_OF_ROWS = """What is null or a `missing` code is left out, and `n` says how many rows were counted. Without rows
`count` and `sum` are 0 where the source has delivered; everything else is missing."""

Row = Sequence[str]


def reference() -> str:
    """The whole page, as Markdown in one piece."""
    return "\n\n".join([_MADE, _manual(), *_functions()]) + "\n"


def examples() -> tuple[str, ...]:
    """Every formula the page shows."""
    shown = [row.example for row in AGGREGATES.values() if not _PERCENTILE.match(row.name)]
    return tuple(dict.fromkeys((*_EXAMPLE.findall(_manual()), *filter(None, shown))))


def _manual() -> str:
    """The comments of the grammar; the rules between them are left out."""
    lines = grammar(_FILE).splitlines()
    told = [line[3:] if line.startswith("// ") else "" for line in lines if line.startswith("//") or not line]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(told)).strip()


def _functions() -> Iterator[str]:
    yield "## All functions"
    yield f"### Of rows\n\n{_OF_ROWS}"
    named = [row for row in AGGREGATES.values() if not _PERCENTILE.match(row.name)]
    yield _table(("function", "gives", "unit", "example"), map(_aggregate, named))
    yield "`p01` to `p99` are quantiles by name: `p95(txn.latency)`."
    yield "### Of numbers\n\nAll of them are also functions of the values of a row."
    yield _table(("function", "gives"), [(f"`{_called(row)}`", _both(row.help)) for row in NUMBERS.values()])
    yield "### Of other days"
    yield _table(("function", "gives"), [
        (f"`{name}(x{', span' if row.most > 1 else ''})`", _both(row.help)) for name, row in WINDOWS.items()])
    yield "### Of peers"
    yield _table(("function", "gives"), [(f"`{name}(x{', name' if name == 'peer' else ''})`", _both(told))
                                         for name, told in PEER_FUNCTIONS.items()])
    yield "### Of the time of a row"
    yield _table(("function", "gives"), [(f"`{name}(time)`", _both(told)) for name, told in ROW_TIMES.items()])
    yield "### Answers of a row"
    yield _table(("function", "gives"), [(f"`{name}(x)`", _both(told)) for name, told in ROW_ANSWERS.items()])
    yield "### Texts of a row"
    yield _table(("function", "gives"), [(f"`{name}(x, …)`", _both(row.help)) for name, row in ROW_TEXTS.items()])
    yield "## Units of literals"
    yield (f"Durations: {_listed(DURATIONS)}. A share: `%`. Money: three capital letters, `CNY`. "
           f"Multipliers, before a unit or alone: {_listed(name for name in MULTIPLIERS if name)}.")


def _aggregate(row: AggregateFunction) -> Row:
    kinds = [f"{kind.rstrip('?*')}{', …' if kind.endswith('*') else ''}" for kind in row.arguments]
    options = [f"{name} = …" for name in row.options]
    example = f"`{row.example}`" if row.example else ""
    unit = _RESULTS.get(row.result, row.result)
    return f"`{row.name}({', '.join([*kinds, *options])})`", _both(row.help), unit, example


def _called(row: NumberFunction) -> str:
    names = ["x", "y", "z"][:max(row.least, row.most or 0)]
    return f"{row.name}({', '.join(names)}{', …' if row.most is None else ''})"


def _both(told: Phrase) -> str:
    return f"{told.en}<br>{told.zh}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: Row, rows: Iterable[Row]) -> str:
    """A table in Markdown; bars in cells are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.write(reference())

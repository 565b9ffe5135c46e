"""What runs changed of published values, and what may not be changed, as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cxmetrics.cli.figures import NONE, whole
from cxmetrics.cli.session import Session
from cxmetrics.cli.tables import Column, as_table

_FIXED = {"run", "indicator", "grain", "period", "old_value", "new_value", "old_score", "new_score", "old_n", "new_n",
          "old_status", "new_status", "old_run", "why", "inputs", "refused", "column", "published", "replayed"}


def told(rows: Sequence[Mapping[str, Any]], session: Session) -> Iterator[str]:
    """One line a restatement: where, from what to what, why; numbers with the digits that tell them apart."""
    if not rows:
        return
    heads = [Column(session.term("column", name), right=name in {"old_value", "new_value", "old_n", "new_n"})
             for name in ("run", "indicator", "period", "slice", "old_value", "new_value", "old_n", "new_n", "why")]
    yield from as_table(heads, [_line(row, session) for row in rows])


def place(row: Mapping[str, Any], session: Session) -> list[str]:
    """The indicator, the period and the slice of a row."""
    cut = ", ".join(f"{name} = {text}" for name, text in row.items() if name not in _FIXED and text is not None)
    return [row["indicator"], f"{session.term('grain', row['grain'])} {row['period']}", cut or session.say("all")]


def _line(row: Mapping[str, Any], session: Session) -> list[str]:
    numbers = [_number(row[f"{side}_value"]) for side in ("old", "new")]
    counts = [NONE if row[f"{side}_n"] is None else whole(row[f"{side}_n"]) for side in ("old", "new")]
    why = session.term("why", row["why"]) + (f": {row['inputs']}" if row["inputs"] else "")
    refused = session.say("store.refused") if row["refused"] else ""
    return [row["run"], *place(row, session), *numbers, *counts, why + refused]


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.10g}"


def orders(rows: Sequence[Mapping[str, Any]], session: Session) -> Iterator[str]:
    """One line an order to freeze."""
    heads = [Column(session.term("column", name)) for name in ("before", "who", "at", "run", "reason")]
    yield from as_table(heads, [[str(row["before"] or NONE), row["who"], f"{row['at']:%Y-%m-%d %H:%M:%S}",
                                 row["run"] or NONE, row["why"]] for row in rows])

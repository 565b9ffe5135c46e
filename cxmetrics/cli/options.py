"""Arguments and options that several verbs share.  Their help stands in `words`."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

ENGINES = ("duckdb", "polars")
GRAINS = ("day", "week", "month", "quarter", "year")
SHAPES = ("table", "json", "csv")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

Decorated = Callable[..., Any]
_FOLDER = click.Path(path_type=Path)

project_argument = click.argument("project", default=".", type=_FOLDER)
project_option = click.option("-p", "--project", default=".", type=_FOLDER, metavar="DIR")
format_option = click.option("--format", "shape", type=click.Choice(SHAPES), default="table", show_default=True)
engine_option = click.option("--engine", type=click.Choice(ENGINES), default="duckdb", show_default=True)
grain_option = click.option("--grain", type=click.Choice(GRAINS))
from_option = click.option("--from", "first", metavar="DATE")
to_option = click.option("--to", "last", metavar="DATE")
as_of_option = click.option("--as-of", metavar="RUN|TIME")
# Read beforehand, from all arguments, so that it may stand before and after the verb (`session.language_of`).
language_option = click.option("--lang", type=click.Choice(("en", "zh")), expose_value=False)


def day(text: str | None) -> dt.date | None:
    """A date written as `2026-10-01`, or None for None.  Raises `Fault` CX717."""
    from cxmetrics.codes.data import BAD_DATE
    from cxmetrics.diagnostics import Fault, report

    if text is None:
        return None
    try:
        if _DATE.fullmatch(text):
            return dt.date.fromisoformat(text)
    except ValueError:
        pass
    raise Fault(report(BAD_DATE, None, text=text))


def dimensions(by: tuple[str, ...]) -> list[str]:
    """The names in all `--by DIM,...`."""
    return [name.strip() for part in by for name in part.split(",") if name.strip()]


def interval(first: str | None, last: str | None) -> tuple[dt.date | None, dt.date | None]:
    """The ends of an interval, the last not in it.  Raises `Fault` CX717, and CX716 where no day is left."""
    from cxmetrics.codes.data import EMPTY_INTERVAL
    from cxmetrics.diagnostics import Fault, report

    start, end = day(first), day(last)
    if end is not None and (begin := start or dt.date.min) >= end:
        raise Fault(report(EMPTY_INTERVAL, None, start=begin, end=end))
    return start, end

"""Answers on a scale that changed, brought to that of today; in the order of operations that every engine keeps."""

from __future__ import annotations

import datetime as dt
import math

from cxmetrics.backends.duckdb.expressions import Term, double
from cxmetrics.backends.duckdb.steps import Steps
from cxmetrics.backends.duckdb.values import Read
from cxmetrics.backends.fates import FINE, SCALE
from cxmetrics.backends.needs import asked_before, ends_today, same_ends
from cxmetrics.backends.sql import Case, Infix, Literal, Name, Node, either, when
from cxmetrics.ir import ColumnSpec


def rescaled(steps: Steps, read: Read, at: int) -> Read:
    """The `at`th column of a source, if its scale changed: judged by the scale of the row's `day`, and brought here."""
    if read.spec.scales is None:
        return read
    value = steps.bind(double(read.term))
    before = Literal(FINE) if read.status is None else read.status
    status = steps.define(f"s{at} {read.spec.name}", when(_off(value, read.spec), Literal(SCALE), before))
    kept = steps.define(f"r{at} {read.spec.name}",
                        when(Infix("=", (status, Literal(FINE))), _mapped(value, read.spec)))
    return Read(read.spec, Term(kept, "number", math.inf), status)


def _off(value: Node, spec: ColumnSpec) -> Node:
    """Whether an answer is off the scale of its day."""
    return Case(tuple((_by(until), _outside(value, min(first, last), max(first, last)))
                      for until, first, last in asked_before(spec)), _outside(value, *ends_today(spec)))


def _outside(value: Node, low: float, high: float) -> Node:
    return either(Infix("<", (value, Literal(low))), Infix(">", (value, Literal(high))))


def _mapped(value: Node, spec: ColumnSpec) -> Node:
    """An answer on the scale of today."""
    return Case(tuple((_by(until), _moved(value, spec, first, last)) for until, first, last in asked_before(spec)),
                value)


def _moved(value: Node, spec: ColumnSpec, first: float, last: float) -> Node:
    low, high = ends_today(spec)
    if same_ends(spec, first, last):
        return value
    above = Infix("*", (Infix("-", (value, Literal(first))), Literal(high - low)))
    return Infix("+", (Infix("/", (above, Literal(last - first))), Literal(low)))


def _by(until: dt.date) -> Node:
    return Infix("<=", (Name("day"), Literal(until)))

"""What orders times, as whole microseconds, and what tells values apart, as text."""

from __future__ import annotations

from cxmetrics.backends.duckdb.expressions import Term, local_time
from cxmetrics.backends.duckdb.rows import Rows
from cxmetrics.backends.duckdb.times import micros
from cxmetrics.backends.duckdb.values import text_of
from cxmetrics.backends.sql import Cast, Literal, Node, call
from cxmetrics.functions import WHOSE
from cxmetrics.ir import Apply, Expr


def moment(x: Term, zone: str) -> Node:
    """Microseconds of a time: of its instant, where any value of the column may name one, else of the local time."""
    if x.instant is None:
        return micros(local_time(x))
    return call("coalesce", micros(x.instant), micros(call("timezone", Literal(zone), x.node)))


def source_moment(rows: Rows) -> Node:
    """The source's time as microseconds; one and the same for all rows of a source of one day."""
    time = rows.request.scan.source.time
    return moment(rows.writer.columns[time], rows.zone.name) if isinstance(time, str) else Literal(0)


def text_by(rows: Rows, by: Expr) -> Node:
    """What tells values apart; a time by its instant, to the microsecond."""
    if isinstance(by, Apply) and by.function == WHOSE:
        return call("coalesce", text_by(rows, by.args[0]), Literal(""))
    x = rows.writer.term(by)
    if x.type == "time":
        return Cast(moment(x, rows.zone.name), "VARCHAR")
    return text_of(rows.steps.bind(x.node), x.type, rows.zone)

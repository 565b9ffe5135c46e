"""What orders times, as whole microseconds, and what tells values apart, as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cxmetrics.backends.duckdb.expressions import Term, local_time
from cxmetrics.backends.duckdb.rows import Rows
from cxmetrics.backends.duckdb.times import micros
from cxmetrics.backends.duckdb.values import text_of
from cxmetrics.backends.marks import BETWEEN, SPREAD, key_and_groups
from cxmetrics.backends.sql import Cast, Infix, IsNull, Literal, Node, call, when
from cxmetrics.functions import DRAWN, REPLICATE, UNIT, WHOSE
from cxmetrics.ir import Apply, Constant, Expr
from cxmetrics.pseudonyms import PRIME, STRATUM, multiplier
from cxmetrics.sketches import SAMPLED


def moment(x: Term, zone: str) -> Node:
    """Microseconds of a time: of its instant, where any value of the column may name one, else of the local time."""
    if x.instant is None:
        return micros(local_time(x))
    return call("coalesce", micros(x.instant), micros(call("timezone", Literal(zone), x.node)))


def source_moment(rows: Rows) -> Node:
    """The source's time as microseconds; one and the same for all rows of a source of one day."""
    time = rows.request.scan.source.time
    if not isinstance(time, str):
        return Cast(Literal(0), "BIGINT")
    return moment(rows.writer.columns[time], rows.zone.name)


def text_by(rows: Rows, by: Expr) -> Node:
    """What tells values apart; a time by its instant, to the microsecond."""
    if isinstance(by, Apply) and by.function == SAMPLED:
        return text_by(rows, by.args[0])
    if isinstance(by, Apply) and by.function in _OF_ROWS:
        return _OF_ROWS[by.function](rows, *by.args)
    x = rows.writer.term(by)
    if x.type == "time":
        return Cast(moment(x, rows.zone.name), "VARCHAR")
    return text_of(rows.steps.bind(x.node), x.type, rows.zone)


def _whose(rows: Rows, who: Expr) -> Node:
    return call("coalesce", text_by(rows, who), Literal(""))


def _unit(rows: Rows, stratum: Expr, *who: Expr) -> Node:
    """Whom a row is about, or else when it was, and the stratum."""
    moment_text = call("concat", Literal("@"), Cast(source_moment(rows), "VARCHAR"))
    text = call("coalesce", _who(rows, who), moment_text) if who else moment_text
    return text if isinstance(stratum, Constant) else call("concat", text, Literal(STRATUM), _whose(rows, stratum))


def _drawn(rows: Rows, stratum: Expr, population: Expr) -> Node:
    """The stratum, and how many units it has."""
    return call("concat_ws", Literal(BETWEEN), _whose(rows, stratum), _whose(rows, population))


def _who(rows: Rows, who: Sequence[Expr]) -> Node:
    """Of one column its text, which may be missing; of several all."""
    if len(who) == 1:
        return text_by(rows, who[0])
    return call("concat_ws", Literal(BETWEEN), *(_whose(rows, each) for each in who))


def _replicate(rows: Rows, unit: Expr, key: Expr, groups: Expr) -> Node:
    """The group of a row's unit, by a hash; of a row that is about nobody, by its moment."""
    assert isinstance(unit, Apply)
    salt, count = key_and_groups(key, groups)
    prime = Literal(PRIME)
    moments = call("mod", Infix("+", (call("mod", source_moment(rows), prime), prime)), prime)
    mixed = call("mod", Infix("*", (Cast(moments, "BIGINT"), Literal(multiplier(salt)))), Literal(PRIME))
    by_moment = _label(call("divide", mixed, Literal(SPREAD)), count)
    if not unit.args[1:]:
        return by_moment
    who = rows.steps.bind(_who(rows, unit.args[1:]))
    digits = call("left", call("sha256", call("concat", Literal(salt), who)), Literal(4))
    by_hash = _label(Cast(call("concat", Literal("0x"), digits), "BIGINT"), count)
    return when(IsNull(who), by_moment, by_hash)


def _label(number: Node, groups: int) -> Node:
    return call("lpad", Cast(call("mod", number, Literal(groups)), "VARCHAR"), Literal(2), Literal("0"))


_OF_ROWS: Mapping[str, Callable[..., Node]] = {WHOSE: _whose, UNIT: _unit, DRAWN: _drawn,
                                            REPLICATE: _replicate}

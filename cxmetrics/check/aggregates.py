"""The proof of aggregates: what each function over rows takes, and the unit of what it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from cxmetrics import nearness, sketches
from cxmetrics.check.matching import Proof, Proved, as_condition, literal_text, literal_value, no_number, settle
from cxmetrics.codes import names as name_codes
from cxmetrics.codes import units as codes
from cxmetrics.diagnostics import Label, report
from cxmetrics.functions import AGGREGATES, BY_ROWS, CSI_RULES, QUANTILE_RULES, WEIGHED, WEIGHED_RULES
from cxmetrics.ir import Aggregate, Apply, Column, Constant, Expr, Invalid
from cxmetrics.units import COUNTED, NPS, NUMBER, SHARE, UNKNOWN, Unit, duration

Prove = Callable[[Expr, Proof], Proved]
_OF_ANSWERS = ("csat", "nps", "top_box", "ces")
LONGEST = 366 * 86_400.0  # seconds between the first and the last step of a conversion
_NPS_SCALE = (0.0, 10.0)


@dataclass(frozen=True, slots=True)
class _Rows:
    """What proves the row expressions of an aggregate."""

    proof: Proof
    prove: Prove

    def condition(self, expr: Expr) -> Expr:
        return as_condition(self.prove(expr, self.proof), expr.span, self.proof)


def prove_aggregate(expr: Aggregate, proof: Proof, prove: Prove) -> Proved:
    """An aggregate with its arguments settled, and its unit; `prove` proves the row expressions in it."""
    rows = _Rows(proof, prove)
    before = len(proof.found)
    name = expr.function
    row = AGGREGATES[name]
    if expr.source in proof.weighted and name not in WEIGHED | BY_ROWS:
        return proof.say(codes.NOT_WEIGHED, expr.span, function=name, source=expr.source)
    _rule_weighs(expr, proof)
    where = None if expr.where is None else rows.condition(expr.where)
    if row.arguments[0] == "condition":
        args: tuple[Expr, ...] = tuple(map(rows.condition, expr.args))
        unit = SHARE
    else:
        args, unit = _arguments(expr, rows)
    # What was proved is not proved again: conversions are in it by now.
    scale = prove(expr.args[0], replace(proof, found=[]))[1] if args and expr.options else UNKNOWN
    options = tuple([(name, _option(name, value, scale, rows)) for name, value in expr.options])
    _apart(dict(options), proof)
    _near(expr, dict(options).get("accuracy"), proof, fractional=_is_fractional(args[:1], scale))
    _different(expr, args, proof)
    if name == "conversion" and not any(option == "by" for option, _ in options):
        options = (*options, ("by", _entity(expr, proof)))
    if len(proof.found) > before or any(isinstance(arg, Invalid) for arg in (*args, *([where] if where else []))):
        return Invalid(expr.span), UNKNOWN
    return Aggregate(name, expr.source, args, where, options, at=expr.at, span=expr.span), unit


def _rule_weighs(expr: Aggregate, proof: Proof) -> None:
    """Report a rule for quantiles that asks how many rows there are, where rows weigh."""
    for name, value in expr.options:
        rule = literal_value(value) if name == "rule" else None
        if expr.source in proof.weighted and rule in QUANTILE_RULES and rule not in WEIGHED_RULES:
            proof.say(codes.RULE_NOT_WEIGHED, value.span, rule=rule, source=expr.source)


def _apart(options: Mapping[str, Expr], proof: Proof) -> None:
    """Report promoters and detractors of which some are both."""
    given = [options.get(name) for name in ("promoters", "detractors")]
    if not any(given):
        return
    (low, high), (least, most) = (
        [literal_value(end) for end in box.args] if isinstance(box, Apply) else usual
        for box, usual in zip(given, ([9, 10], [0, 6]), strict=True))
    known = [end for end in (low, high, least, most) if isinstance(end, int | float)]
    if len(known) == 4 and max(known[0], known[2]) <= min(known[1], known[3]):
        place = next(box for box in given if box is not None)
        proof.say(codes.BOXES_OVERLAP, place.span, promoters=f"{low:g}..{high:g}", detractors=f"{least:g}..{most:g}")


def _near(expr: Aggregate, accuracy: Expr | None, proof: Proof, *, fractional: bool) -> None:
    """Report an accuracy beyond those that states are kept with, and one of numbers whose texts are not told."""
    part = None if accuracy is None else literal_value(accuracy)
    if accuracy is None or not isinstance(part, int | float):
        return
    told_apart = expr.function == "distinct"
    least, most = (sketches.FINEST, sketches.COARSEST) if told_apart else (nearness.FINEST, nearness.COARSEST)
    if not least <= part <= most:
        proof.say(codes.ACCURACY_RANGE, accuracy.span, function=expr.function, value=f"{100 * part:g}%",
                  least=f"{100 * least:g}%", most=f"{100 * most:g}%")
    elif told_apart and fractional:
        proof.say(codes.ACCURACY_OF_NUMBERS, accuracy.span)


def _is_fractional(args: tuple[Expr, ...], unit: Unit) -> bool:
    """Whether a first argument is of numbers that need not be whole."""
    return any(arg.type == "number" if isinstance(arg, Column) else unit.numeric for arg in args)


def _different(expr: Aggregate, args: tuple[Expr, ...], proof: Proof) -> None:
    """Report an item that stands twice among those that are held against each other."""
    if expr.function not in ("alpha", "correlation", "csi", "straight_lining"):
        return
    seen: dict[Expr, Expr] = {}
    for arg in args:
        first = seen.setdefault(arg, arg)
        if first is not arg and not isinstance(arg, Invalid):
            related = [Label(first.span, name_codes.SAID_BEFORE)] if first.span else []
            proof.found.append(report(name_codes.ITEM_TWICE, arg.span, related=related, function=expr.function))


def _entity(expr: Aggregate, proof: Proof) -> Expr:
    """Whom the rows are about, as their source says."""
    entity = proof.entities.get(expr.source)
    return proof.say(name_codes.WHOSE_STEPS, expr.span, source=expr.source)[0] if entity is None else entity


def _arguments(expr: Aggregate, rows: _Rows) -> tuple[tuple[Expr, ...], Unit]:
    """The arguments of an aggregate of values, and the unit of what it gives."""
    proof = rows.proof
    name, row = expr.function, AGGREGATES[expr.function]
    if not expr.args:
        return (), COUNTED
    value, unit = rows.prove(expr.args[0], proof)
    if row.arguments[0] == "number" and not unit.numeric and unit.kind != "unknown":
        return (no_number(expr.args[0].span, name, unit, proof)[0],), UNKNOWN
    if name == "sum" and unit.kind in ("share", "nps", "score"):
        return (proof.say(codes.SUM_OF_SHARES, expr.args[0].span, name=f"sum of {unit}")[0],), UNKNOWN
    _scale_fits(expr, unit, proof)
    rest = tuple(_second(expr, arg, unit, rows) for arg in expr.args[1:])
    match row.result:
        case "count":
            result = COUNTED
        case "argument":
            result = NUMBER if name in ("sum", "stdev") and unit.kind == "scale" else unit
        case "share":
            result = SHARE
        case "nps":
            result = NPS
        case _:
            result = NUMBER
    return (value, *rest), result


def _scale_fits(expr: Aggregate, unit: Unit, proof: Proof) -> None:
    column = expr.args[0].name if isinstance(expr.args[0], Column) else "the argument"
    wanted = unit.kind in ("scale", "unknown") or (expr.function != "csat" and unit.kind in ("number", "score"))
    if expr.function in _OF_ANSWERS and not wanted:
        proof.say(codes.NEEDS_SCALE, expr.args[0].span, function=expr.function, column=column)
    own_boxes = {name for name, _ in expr.options} >= {"promoters", "detractors"}
    if expr.function == "nps" and not own_boxes and unit.kind == "scale" and (unit.low, unit.high) != _NPS_SCALE:
        proof.say(codes.NPS_SCALE, expr.args[0].span, column=column, scale=unit)
    guessed = expr.function == "nps" and not own_boxes and unit.kind in ("number", "score")
    if guessed and isinstance(expr.args[0], Column):
        proof.doubts.setdefault(expr.args[0], report(codes.SCALE_GUESSED, expr.args[0].span, column=column))


def _second(expr: Aggregate, arg: Expr, unit: Unit, rows: _Rows) -> Expr:
    """A further argument: a range of points, a part, a threshold, or another item."""
    proof = rows.proof
    if expr.function == "top_box":
        return _range(arg, "boxes", unit, proof)
    if expr.function == "checklist" and arg is not expr.args[1]:
        return rows.condition(arg)
    proved, own = rows.prove(arg, proof)
    if expr.function in ("alpha", "csi", "correlation", "checklist", "straight_lining"):
        return _item(expr, proved, unit, own, rows)
    value = literal_value(proved)
    if not isinstance(value, int | float) or isinstance(value, bool):
        expected = "a number between 0 and 1" if expr.function == "quantile" else "a number above 0"
        return proof.say(name_codes.OPTION_VALUE, arg.span, option="second argument", expected=expected)[0]
    if expr.function == "quantile":
        return proved if 0 < value < 1 else proof.say(codes.QUANTILE_RANGE, arg.span, value=literal_text(proved))[0]
    if value <= 0:  # the threshold of an Apdex
        return proof.say(name_codes.OPTION_VALUE, arg.span, option="second argument", expected="a number above 0")[0]
    return settle(proved, own, unit, proof.found) or Invalid(arg.span)


def _item(expr: Aggregate, item: Expr, unit: Unit, own: Unit, rows: _Rows) -> Expr:
    """A value beside the first, which has the unit `unit`."""
    proof = rows.proof
    if "unknown" in (unit.kind, own.kind) or isinstance(item, Invalid):
        return item
    if not own.numeric:
        return no_number(item.span, expr.function, own, proof)[0]
    points = expr.function == "checklist" and {unit.kind, own.kind} <= {"number", "scale"}
    if own != unit and expr.function != "correlation" and not points:
        first = expr.args[0].span
        related = [Label(first, codes.LEFT_IS)] if first else []
        proof.found.append(report(codes.ITEMS_UNLIKE, item.span, related=related, function=expr.function, left=unit,
                                  right=own))
        return Invalid(item.span)
    return item


def _range(arg: Expr, option: str, unit: Unit, proof: Proof) -> Expr:
    """A range of answers, inside the scale `unit`, if it is one."""
    if isinstance(arg, Apply) and arg.function == "range":
        low, high = (literal_value(end) for end in arg.args)
        if isinstance(low, int | float) and isinstance(high, int | float) and low <= high:
            if unit.low is not None and unit.high is not None and not unit.low <= low <= high <= unit.high:
                return proof.say(codes.OUTSIDE_SCALE, arg.span, value=f"{low:g}..{high:g}", scale=unit)[0]
            return arg
    return proof.say(name_codes.OPTION_VALUE, arg.span, option=option, expected="a range such as 9..10")[0]


def _option(name: str, value: Expr, unit: Unit, rows: _Rows) -> Expr:
    proof = rows.proof
    match name:
        case "promoters" | "detractors":
            return _range(value, name, unit, proof)
        case "failed":
            return rows.condition(value)
        case "by":
            return rows.prove(value, proof)[0]
        case "within":
            length = value.unit if isinstance(value, Constant) else UNKNOWN
            if length.is_duration and isinstance(value, Constant) and isinstance(value.value, float | int) \
                    and 0 < value.value * length.factor < LONGEST:
                return replace(value, value=value.value * length.factor, unit=duration("s"))
            return proof.say(name_codes.OPTION_VALUE, value.span, option=name, expected="a time such as 30 min")[0]
        case "rule":
            if literal_value(value) in QUANTILE_RULES:
                return value
            return proof.say(name_codes.OPTION_VALUE, value.span, option=name, expected=", ".join(QUANTILE_RULES))[0]
        case "cap":
            part = literal_value(value)
            if isinstance(part, float | int) and not isinstance(part, bool) and 0 <= part <= 1:
                return value
            return proof.say(name_codes.OPTION_VALUE, value.span, option=name, expected="a share such as 60%")[0]
        case "accuracy":
            part = literal_value(value)
            if isinstance(part, float | int) and not isinstance(part, bool) and 0 < part < 1:
                return value
            return proof.say(name_codes.OPTION_VALUE, value.span, option=name, expected="a share such as 1%")[0]
        case "of":
            if literal_value(value) in CSI_RULES:
                return value
            return proof.say(name_codes.OPTION_VALUE, value.span, option=name, expected="means or ratios")[0]
        case _:
            top = literal_value(value)
            most = 100 if unit.low is None or unit.high is None else int(unit.high - unit.low)
            if isinstance(top, int) and not isinstance(top, bool) and 1 <= top <= most:
                return value
            return proof.say(name_codes.OPTION_VALUE, value.span, option=name, expected=f"a number from 1 to {most}")[0]

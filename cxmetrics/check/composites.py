"""Composites: weights, the common unit of the children, and the rules by which these are combined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from cxmetrics.check.blending import blend, is_blend, settled
from cxmetrics.check.leaves import composites_below, leaves_below
from cxmetrics.check.matching import Proof
from cxmetrics.check.pooling import pool
from cxmetrics.check.rules import Known, fits, literal, read_rule
from cxmetrics.check.scores import earns
from cxmetrics.check.versions import changes
from cxmetrics.codes import pyramid as codes
from cxmetrics.codes import units as unit_codes
from cxmetrics.composite_rules import (
    AsWritten,
    Carry,
    MissingRule,
    Neutral,
    NullIfMissing,
    PowerMean,
    Renormalise,
    Required,
)
from cxmetrics.diagnostics import DID_YOU_MEAN, Diagnostic, Fix, Label, Phrase, closest, report
from cxmetrics.ir import Blend, Combine, Edge, Indicator, Merged
from cxmetrics.load.scalars import Found, number, word
from cxmetrics.parse import parse
from cxmetrics.resolve import Child, Outline
from cxmetrics.source import Located
from cxmetrics.syntax import Node
from cxmetrics.units import (
    COUNTED,
    NUMBER,
    SCORE,
    UNKNOWN,
    Unit,
    as_literal,
    comparable,
    conversion,
    duration,
    read_unit,
)

_SCORED = Phrase("this child has a score", "这个下级有分数")
_UNITS_OF_BOTH = Phrase("this child is {other}", "这个下级是 {other}")
_NEAR = 0.1  # how far from 1 weights still look like parts of it
_TOLD = 12  # weights that are told where they do not add up
_LONGEST_CARRY = 3653  # days: ten years
_POWERS = 0.001, 1000.0  # of exponents other than 0: beyond these, a power mean loses its digits


Parts = Sequence[Child]


@dataclass(frozen=True, slots=True)
class Composed:
    """What an indicator is made of by its children, and how."""

    unit: Unit
    edges: tuple[Edge, ...]
    combine: Combine
    missing: MissingRule
    require: Required
    over: tuple[Edge, ...] = ()
    use_total: bool = False


def compose(outline: Outline, unit: Unit, below: Mapping[str, Indicator], outlines: Mapping[str, Outline],
            proof: Proof) -> Composed:
    """The rules of a composite; `unit`: of an indicator that is none."""
    if not outline.children:
        return Composed(unit, (), "weighted_mean", Renormalise(), Required())
    made, found = _combined(outline, below, outlines, proof), proof.found
    _in_its_unit(outline, made, found)
    written = outline.draft.when_not_split
    asked = word(written, "when_not_split", ("leave_out", "use_total"), "leave_out", found) == "use_total"
    if asked and written is not None and isinstance(made.combine, Merged):
        found.append(report(codes.MISSING_RULE_UNFIT, written.span, rule=written.value, combine=made.combine))
    return replace(made, use_total=True) if asked else made


def _in_its_unit(outline: Outline, made: Composed, found: Found) -> None:
    """Report a unit that is declared for what is of another: a composite has that of its children."""
    written = outline.draft.unit
    declared = None if written is None else read_unit(written.value)
    if written is not None and declared not in (None, made.unit) and made.unit != UNKNOWN:
        found.append(report(unit_codes.UNIT_MISMATCH_DECLARED, written.span, declared=written.value, found=made.unit))


def _combined(outline: Outline, below: Mapping[str, Indicator], outlines: Mapping[str, Outline],
              proof: Proof) -> Composed:
    draft, children, found = outline.draft, outline.children, proof.found
    if draft.combine is not None:
        node, problems = parse(draft.combine)
        if not problems and is_blend(node, list(_COMBINE), [child.id for child in children]):
            return _blended(outline, node, draft.combine, below, found)
    combine = _read_combine(draft.combine, found)
    named = [child.id for child in children]
    if combine == "pooled":
        merged, unit = pool(outline, below, proof)
        missing = _read_missing(draft.missing, unit, found)
        _goes_with(missing, draft.missing, "pooled", found)
        _no_leaves(outline, "pooled", found)
        edges = _alike(outline, found)
        require = _read_require(outline, named, found)
        return Composed(unit, edges, merged or "weighted_mean", missing, require)
    edges = tuple(_edges(outline, found))
    over = leaves_below(edges, below) if _is_over_leaves(outline, found) else ()
    if over and (changing := next(filter(changes, composites_below(edges, below)), None)):
        found.append(report(codes.VERSIONED_WITHIN, outline.span, indicator=changing.id, use="aggregate: leaves"))
    parts = [Child(edge.child, None, edge.span or outline.span) for edge in over] or children
    unit = _unit_of_children(outline.id, parts, below, outlines, found)
    missing = _read_missing(draft.missing, unit, found)
    return Composed(unit, edges, combine, missing, _read_require(outline, [part.id for part in parts], found), over)


def _is_over_leaves(outline: Outline, found: Found) -> bool:
    written = outline.draft.aggregate
    return word(written, "aggregate", ("children", "leaves"), "children", found) == "leaves"


def _no_leaves(outline: Outline, combine: str, found: Found) -> None:
    """Report leaves asked for where nothing is weighed."""
    if outline.draft.aggregate is not None and _is_over_leaves(outline, found):
        found.append(report(codes.LEAVES_UNFIT, outline.draft.aggregate.span, combine=combine))


def _blended(outline: Outline, node: Node, written: Located, below: Mapping[str, Indicator], found: Found) -> Composed:
    """A composite by a formula.  What a missing child leads to is the formula's to say, unless a rule stands."""
    draft = outline.draft
    rule, unit = blend(outline, node, written, below, found)
    rule, unit = _as_declared(rule, unit, draft.unit, found)
    _no_leaves(outline, written.value, found)
    edges = _alike(outline, found)
    require = _read_require(outline, [child.id for child in outline.children], found)
    kinds = {earns(below[child.id]) for child in outline.children if child.id in below}
    before = len(found)
    missing = _read_missing(draft.missing, kinds.pop() if len(kinds) == 1 else NUMBER, found)
    if len(found) == before:
        _goes_with(missing, draft.missing, written.value, found)
    return Composed(unit, edges, rule or "weighted_mean",
                    AsWritten() if draft.missing is None else missing, require)


def _as_declared(rule: Blend | None, unit: Unit, written: Located | None,
                 found: Found) -> tuple[Blend | None, Unit]:
    """A formula in the unit that was declared for it."""
    declared = None if written is None else read_unit(written.value)
    if rule is None or declared is None or written is None:
        return rule, unit if rule is not None else declared or UNKNOWN
    if unit == NUMBER or "unknown" in (unit.kind, declared.kind):
        return rule, declared
    if not comparable(unit, declared):
        found.append(report(unit_codes.UNIT_MISMATCH_DECLARED, written.span, declared=written.value, found=unit))
        return None, declared
    factor = conversion(unit, declared) if unit.kind == declared.kind == "quantity" else 1.0
    return settled(rule, factor), declared


def _alike(outline: Outline, found: Found) -> tuple[Edge, ...]:
    """Children that have no weights, as their rows or a formula say how much they matter."""
    rule = outline.draft.combine.value if outline.draft.combine else ""
    for child in outline.children:
        if child.weight is not None:
            found.append(report(codes.WEIGHT_UNUSED, child.weight.span, child=child.id, rule=rule))
    return tuple(Edge(child.id, 1 / len(outline.children), child.span) for child in outline.children)


def _goes_with(missing: MissingRule, written: Located | None, combine: str, found: Found) -> None:
    """Report a rule for missing children that cannot hold with a way to combine them."""
    unfit = Neutral | Carry if combine == "pooled" else Renormalise
    if written is not None and isinstance(missing, unfit):
        found.append(report(codes.MISSING_RULE_UNFIT, written.span, rule=written.value, combine=combine))


def _edges(outline: Outline, found: Found) -> Iterator[Edge]:
    """Children with their part of the whole weight."""
    written = [(child, _weight(child, found)) for child in outline.children]
    if not any(child.weight for child in outline.children):
        yield from (Edge(child.id, 1 / len(written), child.span) for child, _ in written)
        return
    readable = [child.weight for child, weight in written if child.weight is not None and weight is not None]
    kinds = {weight.value.strip().endswith("%") for weight in readable}
    for child, _ in written:
        if child.weight is None:
            found.append(report(codes.WEIGHT_MISSING, child.span, child=child.id))
    if len(kinds) > 1:
        found.append(_mixed(outline.id, readable))
    weights = [weight for _, weight in written if weight is not None]
    total = sum(weights)
    whole_known = len(weights) == len(written)
    if whole_known and kinds == {True} and abs(total - 100) > 1e-6:
        found.append(report(codes.WEIGHTS_SUM, outline.span, parent=outline.id, total=f"{total:.10g}%",
                            parts=_added([f"{weight:.10g}%" for weight in weights])))
    if whole_known and kinds == {False} and _short_of_one(weights):
        found.append(report(codes.WEIGHTS_NEAR_ONE, outline.span, parent=outline.id, total=f"{total:.10g}",
                            parts=_added([f"{weight / total:.1%}" for weight in weights])))
    if whole_known and total <= 0:
        found.append(report(codes.ZERO_WEIGHT, outline.span, child=outline.id))
    if total > 0:
        yield from (Edge(child.id, (weight or 0.0) / total, child.span) for child, weight in written)


def _added(weights: Sequence[str]) -> str:
    """Weights as a sum, the first of them where they are many."""
    return " + ".join([*weights[:_TOLD], *["…"] * (len(weights) > _TOLD)])


def _short_of_one(weights: Sequence[float]) -> bool:
    """Whether weights look like parts of 1 and miss it, by more than the rounding of each to two decimals."""
    missed = abs(sum(weights) - 1)
    return all(0 <= weight < 1 for weight in weights) and 0.005 * len(weights) + 1e-9 < missed <= _NEAR + 1e-9


def _mixed(parent: str, written: Sequence[Located]) -> Diagnostic:
    """The finding that weights are written in two ways, at the first that is unlike the one before it."""
    first = written[0].value.strip().endswith("%")
    other = next(weight for weight in written if weight.value.strip().endswith("%") != first)
    related = (Label(written[0].span, codes.OTHER_WEIGHT),)
    return report(codes.WEIGHTS_MIXED, other.span, related=related, parent=parent, weight=written[0].value.strip())


def _weight(child: Child, found: Found) -> float | None:
    if child.weight is None:
        return None
    text = child.weight.value.strip().removesuffix("%").strip()
    at = Located(text, child.weight.source, child.weight.start, child.weight.end, child.weight.style)
    value = number(at, found)
    if value is not None and value < 0:
        found.append(report(codes.WEIGHT_NEGATIVE, child.weight.span, child=child.id))
        return None
    if value == 0:
        found.append(report(codes.ZERO_WEIGHT, child.weight.span, child=child.id))
    return value


def _unit_of_children(parent: str, combined: Parts, below: Mapping[str, Indicator], outlines: Mapping[str, Outline],
                      found: Found) -> Unit:
    """Children with scores make a score; children without make a value of their common unit."""
    children = [(child, below[child.id]) for child in combined if child.id in below]
    units = [UNKNOWN if outlines[child.id].draft.score is not None and indicator.score is None else earns(indicator)
             for child, indicator in children]  # a score that was refused has been reported
    known = [unit for unit in units if unit.kind != "unknown"]
    if not known:
        return UNKNOWN
    scored = any(indicator.score is not None or indicator.unit == SCORE for _, indicator in children)
    wanted = SCORE if scored and SCORE in known else known[0]
    for (child, _), unit in zip(children, units, strict=True):
        if unit.kind != "unknown" and unit != wanted:
            other = Label(children[units.index(wanted)][0].span, _SCORED if wanted == SCORE else _UNITS_OF_BOTH)
            found.append(report(codes.CHILD_WITHOUT_SCORE, child.span, related=(other,), child=child.id,
                                parent=parent, unit=unit, other=wanted, example=_example(unit)))
    return wanted


def _example(unit: Unit) -> str:
    """A score rule for values in a unit, as somebody could write it."""
    if unit.kind == "share":
        return "{0: 80%, 100: 99%}"
    if comparable(unit, duration("s")):
        return "{0: 3 s, 60: 1.5 s, 100: 0.5 s}"
    name = f" {as_literal(unit)}" if unit.kind == "quantity" and unit != COUNTED else ""
    return f"{{0: 0{name}, 100: 100{name}}}"


_MISSING: Known = {"renormalise": (0, ("min_coverage",)), "null": (0, ()), "neutral": (1, ()),
                   "carry": (1, ("min_coverage",))}


def _read_missing(written: Located | None, unit: Unit, found: Found) -> MissingRule:
    """`renormalise(min_coverage = 50%)`, `null`, `neutral(50)`, `carry(28 d)`; `unit`: of what is combined."""
    rule = None if written is None else read_rule(written, "missing", _MISSING, found)
    if rule is None:
        return Renormalise()
    if rule.name == "null":
        return NullIfMissing()
    if rule.name == "neutral":
        neutral = literal(rule.values[0], unit, found, codes.NEUTRAL_UNIT)
        return Renormalise() if neutral is None else Neutral(neutral)
    days = literal(rule.values[0], duration("d"), found) if rule.name == "carry" else 0
    if days is None or (rule.name == "carry" and not fits(
            rule, f"1 d … {_LONGEST_CARRY} d", found, holds=days == int(days) and 1 <= days <= _LONGEST_CARRY)):
        return Renormalise()
    coverage = rule.options.get("min_coverage")
    value = None if coverage is None else literal(coverage, NUMBER, found)
    if value is not None and not fits(rule, "0% <= min_coverage <= 100%", found, holds=0 <= value <= 1):
        return Renormalise()
    least = 0.5 if value is None else value
    return Carry(int(days), least) if rule.name == "carry" else Renormalise(least)


_COMBINE: Known = {
    "weighted_mean": (0, ()), "geometric": (0, ()), "harmonic": (0, ()), "minimum": (0, ()), "power": (1, ()),
    "pooled": (0, ())}


def _read_combine(written: Located | None, found: Found) -> Combine | Literal["pooled"]:
    """`weighted_mean`, `geometric`, `harmonic`, `minimum` or `power(2)`; what is `pooled` is proved elsewhere."""
    rule = None if written is None else read_rule(written, "combine", _COMBINE, found)
    if rule is None:
        return "weighted_mean"
    match rule.name:
        case "geometric" | "harmonic" | "minimum" | "pooled":
            return rule.name
        case "power":
            exponent = literal(rule.values[0], NUMBER, found)
            least, most = _POWERS
            holds = exponent is not None and (exponent == 0 or least <= abs(exponent) <= most)
            if exponent is None or not fits(rule, f"p = 0, {least:g} <= abs(p) <= {most:g}", found, holds=holds):
                return "weighted_mean"
            return PowerMean(exponent)
        case _:
            return "weighted_mean"


def _read_require(outline: Outline, children: Sequence[str], found: Found) -> Required:
    """`[a, b, at_least(3)]`: children by name, or leaves where these are combined, and how many there have to be."""
    required: dict[str, None] = {}
    written, parent, least = outline.draft.require, outline.id, 0
    for name in [written] if isinstance(written, Located) else written or ():
        if name.value in children:
            required[name.value] = None
        elif "(" in name.value:
            least = max(least, _least(name, len(children), found))
        else:
            guess = closest(name.value, children, found)
            found.append(report(codes.REQUIRED_NOT_CHILD, name.span, help=DID_YOU_MEAN if guess else None,
                                fix=Fix(name.span, guess) if guess else None, parent=parent, name=name.value,
                                guess=guess or ""))
    return Required(tuple(required), least)


def _least(written: Located, children: int, found: Found) -> int:
    """`at_least(3)`, of so many children."""
    rule = read_rule(written, "require", {"at_least": (1, ())}, found)
    number = None if rule is None else literal(rule.values[0], NUMBER, found)
    if rule is None or number is None:
        return 0
    return int(number) if fits(rule, f"1 … {children}", found, holds=number in range(1, children + 1)) else 0

"""Bands of a number: edges that rise, in its unit, and the texts that the stretches between them are called by."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from cxmetrics.check.matching import Proof, Proved, literal_value, settle
from cxmetrics.codes import units as codes
from cxmetrics.ir import Apply, Constant, Expr, Invalid
from cxmetrics.units import NUMBER, SHARE, TEXT, UNKNOWN, Unit


def bands(expr: Apply, args: Sequence[Expr], units: Sequence[Unit], proof: Proof) -> Proved:
    """`bands(x, 30, 45)` with its edges as one constant and its texts as another: `<30`, `30-<45`, `>=45`."""
    x, unit = args[0], units[0]
    if isinstance(args[1], Constant) and isinstance(args[1].value, tuple):
        return expr, TEXT
    if not unit.numeric and unit.kind != "unknown":
        return proof.say(codes.NOT_A_NUMBER_EXPRESSION, x.span, function="bands", found=unit)
    edges: list[float] = []
    texts: list[str] = []
    for arg, own in zip(map(_folded, args[1:]), units[1:], strict=True):
        text = _written(arg, own)
        settled = None if text is None else settle(arg, own, unit, proof.found)
        value = None if settled is None else literal_value(settled)
        if text is not None and settled is None:
            return Invalid(arg.span), UNKNOWN
        if text is None or not isinstance(value, int | float) or (edges and value <= edges[-1]):
            return proof.say(codes.BAND_EDGES, arg.span, found=text or "an expression")
        edges.append(value)
        texts.append(text)
    names = (f"<{texts[0]}", *(f"{low}-<{high}" for low, high in itertools.pairwise(texts)), f">={texts[-1]}")
    return replace(expr, args=(x, Constant(tuple(edges), unit), Constant(names, TEXT))), TEXT


def _folded(arg: Expr) -> Expr:
    """A number with its sign."""
    if isinstance(arg, Apply) and arg.function == "negate" and isinstance(arg.args[0], Constant):
        value = arg.args[0].value
        if isinstance(value, int | float):
            return replace(arg.args[0], value=-value, span=arg.span)
    return arg


def _written(edge: Expr, unit: Unit) -> str | None:
    """A literal number in the shortest way to write it, with its unit; None for anything else."""
    value = literal_value(edge)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    number = Decimal(repr(value)) * (100 if unit == SHARE else 1)
    text = f"{number.normalize():f}"
    return text + ("%" if unit == SHARE else "" if unit == NUMBER else f" {unit}")

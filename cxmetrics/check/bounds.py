"""Numbers that a person wrote beside what can come out: targets, neutral values, the points of scores."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from cxmetrics.check.matching import Proof
from cxmetrics.check.reach import EVERYTHING, Reach, hull, points_reach, value_reach, within
from cxmetrics.codes import pyramid as codes
from cxmetrics.composite_rules import Neutral
from cxmetrics.diagnostics import Diagnostic, Label, report
from cxmetrics.ir import Indicator
from cxmetrics.load.scalars import Found, plain_number
from cxmetrics.resolve import Outline
from cxmetrics.score_rules import Anchors, Bands, Goalposts, ScoreRule
from cxmetrics.source import Key, Located, Span
from cxmetrics.units import SCORE, Unit

POINTS: Reach = (0.0, 100.0)  # of scores, unless a rule says otherwise by `to`
_SEEN = 0.05  # points: half of the last digit of a score that is shown
_FAR_BELOW = 0.1  # of an equal share: of thousands of children none may be felt by itself, and all together are


def check_bounds(outline: Outline, made: Indicator, proof: Proof) -> None:
    """Report what lies beyond what can come out; keep how far the indicator reaches, and what it gives to parents."""
    if made.unit.kind == "unknown":
        return
    reach = value_reach(made, proof.reaches, proof.earned)
    _target(outline, made, reach, proof.found)
    _neutral(outline, made, proof)
    _points_alike(made, proof)
    _weights_felt(made, proof)
    given = EVERYTHING if outline.draft.score is not None else reach  # what a refused rule gives nobody knows
    if made.score is not None:
        given = points_reach(made.score)
        proof.found.extend(_scored(outline, made, made.score, reach, given))
    for reaches, own in ((proof.reaches, reach), (proof.earned, given)):
        before = reaches.get(made.id)  # of the versions before
        reaches[made.id] = own if before is None else hull((before, own))


def _target(outline: Outline, made: Indicator, reach: Reach, found: Found) -> None:
    written = outline.draft.target
    if written is not None and made.target is not None and not within(made.target, reach):
        low, high = told(reach, made.unit)
        found.append(report(codes.OUT_OF_REACH, written.span, value=written.value, low=low, high=high))


def _neutral(outline: Outline, made: Indicator, proof: Proof) -> None:
    """Report a neutral value that no child could give."""
    written = outline.draft.missing
    if written is None or not isinstance(made.missing, Neutral):
        return
    given = [proof.earned.get(edge.child, EVERYTHING) for edge in made.combined]
    reach = hull((*given, POINTS) if made.unit == SCORE else given)
    if not within(made.missing.value, reach):
        low, high = told(reach, made.unit)
        proof.found.append(report(codes.NEUTRAL_OUT_OF_REACH, written.span, value=written.value, low=low, high=high))


def _points_alike(made: Indicator, proof: Proof) -> None:
    """Report scores that are weighed with others and end far below them: one is of 10 points, the other of 100."""
    if not made.weighted or made.unit != SCORE:
        return
    ends = [(edge, proof.earned.get(edge.child, EVERYTHING)[1]) for edge in made.combined]
    most = max((end for _, end in ends), default=math.inf)
    if not math.isfinite(most):
        return
    other = next(edge for edge, end in ends if end == most)
    for edge, end in ends:
        if end < most / 2:
            related = (Label(other.span, codes.MORE_POINTS),) if other.span else ()
            proof.found.append(report(codes.POINTS_UNLIKE, edge.span, related=related, child=edge.child,
                                      points=f"{end:g}", other=other.child, most=f"{most:g}"))


def _weights_felt(made: Indicator, proof: Proof) -> None:
    """Report weights so far below those of the others that nothing a child does is seen in what is shown."""
    if not made.weighted or made.unit != SCORE or made.combine != "weighted_mean":
        return
    seen = _SEEN if made.display is None and made.rounding is None else max(
        rounding.step for rounding in (made.display, made.rounding) if rounding is not None) / 2
    for edge in made.combined:
        low, high = proof.earned.get(edge.child, EVERYTHING)
        moves = edge.weight * (high - low)
        if 0 < edge.weight < _FAR_BELOW / len(made.combined) and 0 < moves < seen:
            proof.found.append(report(codes.WEIGHT_TOO_SMALL, edge.span, child=edge.child, parent=made.id,
                                      points=f"{moves:.1g}"))


def _scored(outline: Outline, made: Indicator, score: ScoreRule, reach: Reach, given: Reach) -> Iterator[Diagnostic]:
    """What is doubtful in a score: points beyond those of scores, and the best of them for what never comes out."""
    written = outline.draft.score
    if written is None:
        return
    low, high = given
    if isinstance(score, Anchors | Bands) and not (within(low, POINTS) and within(high, POINTS)):
        points = low if low < POINTS[0] else high
        yield report(codes.POINTS_OFF_SCALE, _place(written, points), points=f"{points:g}")
    ends = _ends(score)
    if ends is None:
        return
    (worst, fewest), (best, most_) = ends
    least, most = told(reach, made.unit)
    if _never(best, reach, up=made.direction == "up"):
        yield report(codes.BEST_OUT_OF_REACH, _place(written, most_), points=f"{most_:g}", low=least, high=most)
    elif _never(worst, reach, up=made.direction != "up"):
        yield report(codes.WORST_OUT_OF_REACH, _place(written, fewest), points=f"{fewest:g}", low=least, high=most)


def _ends(score: ScoreRule) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """The values that earn the fewest and the most points, and these; None where there are no such ends."""
    match score:
        case Anchors(points):
            return min(points, key=lambda point: point[1]), max(points, key=lambda point: point[1])
        case Goalposts(worst, best, low, high, clip=True):
            return (worst, low), (best, high)
        case _:
            return None


def _never(end: float, reach: Reach, *, up: bool) -> bool:
    """Whether all values stay below an end (`up`), or above it."""
    beyond = reach[1] if up else reach[0]
    return not within(end, reach) and (beyond < end if up else beyond > end)


def _place(written: Located | Mapping[Key, Located], points: float) -> Span:
    """Where some points are written: the anchor, or the whole rule."""
    if isinstance(written, Located):
        return written.span
    return next(key.span for key in written if plain_number(key) == points)


def told(reach: Reach, unit: Unit) -> tuple[str, str]:
    """The ends of a reach in the words of a unit."""
    low, high = (_said(end, unit) for end in reach)
    return low, high


def _said(end: float, unit: Unit) -> str:
    if math.isinf(end):
        return "∞" if end > 0 else "−∞"
    return f"{100 * end:g}%" if unit.kind == "share" else f"{end:g}"

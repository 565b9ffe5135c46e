"""An indicator beside the other look at the same thing."""

from __future__ import annotations

import math
from collections.abc import Mapping

from cxmetrics.cli.latest import Latest
from cxmetrics.cli.session import Session
from cxmetrics.ir import Indicator
from cxmetrics.plan import Plan

FEWEST = 4  # periods of which it is told how the values of two go together


def triangulated(plan: Plan, indicator: Indicator, found: Latest, session: Session) -> list[str]:
    """With what it is triangulated, whether both changed alike, and how they went together so far."""
    other = indicator.triangulate
    if other is None:
        return []
    pair = pair_of(plan, indicator, found)
    lines = [session.say("show.against", name=other, title=session.title(plan.nodes[other].indicator.title, other))]
    if pair["agreement"] is not None:
        lines.append(session.say(f"show.agreement.{pair['agreement']}", name=other))
    if pair["concordance"] is not None:
        lines.append(session.say("show.concordance", tau=f"{pair['concordance']:+.2f}", count=pair["periods"]))
    return lines


def pair_of(plan: Plan, indicator: Indicator, found: Latest) -> Mapping[str, object]:
    """The same for programs; nothing where it is not triangulated.  `concordance` is Kendall's tau."""
    from cxmetrics.evaluate.triangulation import agreement

    other = indicator.triangulate
    if other is None:
        return {}
    rows = [found.rows.get(name) for name in (indicator.id, other)]
    verdict = agreement(rows[0], rows[1], plan) if rows[0] is not None and rows[1] is not None else None
    tau, periods = found.concordance or (math.nan, 0)
    # Where good is up for one and down for the other, values that part go together.
    same = indicator.direction == plan.nodes[other].indicator.direction
    told = None if periods < FEWEST or math.isnan(tau) else tau if same else -tau
    return {"against": other, "agreement": verdict, "concordance": told, "periods": periods}

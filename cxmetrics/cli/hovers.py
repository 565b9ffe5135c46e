"""The facts of `show` for an editor: of definitions as they are being written, with the latest values of the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cxmetrics.calendars import usual
from cxmetrics.cli.describe import facts_of
from cxmetrics.cli.latest import Latest, latest
from cxmetrics.cli.session import Language, Session
from cxmetrics.compile import Compiled
from cxmetrics.diagnostics import Fault
from cxmetrics.lower import lower
from cxmetrics.plan import Plan
from cxmetrics.walks import made_of

MOST = 2_000  # indicators that an indicator is made of, if its value is told: whether it is stale hangs on their plan


def told_of(compiled: Compiled, root: Path, name: str, language: Language) -> Sequence[tuple[str, Sequence[str]]]:
    """What is told of an indicator, each fact with its label.

    Of definitions with errors, and of what is made of very many, all but the values; so too where the store cannot be
    read.
    """
    session, pyramid = Session(language), compiled.pyramid
    plan = compiled.plan if len(pyramid.indicators) <= MOST else _part(compiled, name)
    found = _latest(root, plan, name) if plan is not None else None
    facts = facts_of(pyramid, pyramid.indicators[name], found or Latest(usual(pyramid.project.grains)), session,
                     None if found is None else plan)
    return [(session.term("fact", label), list(lines)) for label, lines in facts if lines]


def _part(compiled: Compiled, name: str) -> Plan | None:
    """The plan of an indicator and of what it is held beside, with all they are made of."""
    if compiled.failed:
        return None
    known, needed = compiled.pyramid.indicators, set[str]()
    todo = [name, *filter(None, [known[name].triangulate])]
    while todo and len(needed) <= MOST:
        one = todo.pop()
        if one not in needed:
            needed.add(one)
            todo += [each for era in known[one].eras for each in made_of(era)]
    if todo:
        return None
    return lower(replace(compiled.pyramid, indicators={one: known[one] for one in known if one in needed}))


def _latest(root: Path, plan: Plan, name: str) -> Latest | None:
    if name not in plan.nodes:
        return None
    if not (root / plan.project.store / "ledger.sqlite").is_file():  # to look into a store takes a second at first
        return Latest(usual(plan.project.grains))
    other = plan.nodes[name].indicator.triangulate
    names, pair = ((name,), None) if other is None else ((name, other), (name, other))
    try:
        return latest(root, plan, names, pair=pair)
    except Fault:
        return None

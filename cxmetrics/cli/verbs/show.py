"""`cxmetrics show`: one indicator in plain words, or what a stage of the compiler made of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from cxmetrics.cli.completing import indicator_names
from cxmetrics.cli.options import as_of_option, grain_option, language_option, project_option
from cxmetrics.cli.session import Refusal, Session
from cxmetrics.cli.terminal import coloured, draws, emit, emit_lines, emit_parts
from cxmetrics.cli.usage import Verb

if TYPE_CHECKING:
    from cxmetrics.cli.stages import Stage
    from cxmetrics.ir import Grain, Pyramid
    from cxmetrics.plan import Plan

Drawing = Literal["text", "json", "svg"]
DRAWINGS = ("text", "json", "svg")
STAGES = ("documents", "syntax", "ir", "plan", "fused", "sql", "polars")


@click.command("show", cls=Verb)
@click.argument("indicator", shell_complete=indicator_names)
@project_option
@click.option("--stage", type=click.Choice(STAGES))
@click.option("--lineage", type=click.Choice(DRAWINGS))
@grain_option
@as_of_option
@click.option("--format", "shape", type=click.Choice(("table", "json")), default="table", show_default=True)
@language_option
@click.pass_obj
def show(session: Session, indicator: str, project: Path, stage: Stage | None, lineage: Drawing | None,
         grain: Grain | None, as_of: str | None, shape: Literal["table", "json"]) -> int:
    """Describe an indicator."""
    from cxmetrics.cli.compiled import compiled, places_of

    if lineage is not None:
        for option, value in (("--stage", stage), ("--grain", grain), ("--as-of", as_of),
                              ("--format", shape == "json")):
            if value:
                raise Refusal("show.lineage_alone", option=option)
    result, plan = compiled(project)
    _require_known(indicator, plan)
    if lineage is not None:
        _draw(result.pyramid, indicator, lineage, session)
        return 0
    with places_of(project):
        if stage is not None:
            from cxmetrics.cli.stages import staged
            from cxmetrics.render.wording import visible

            text = staged(result, plan, project, indicator, stage, session)
            emit("\n".join(map(visible, text.split("\n"))))
        else:
            from cxmetrics.cli.describe import described, recorded
            from cxmetrics.cli.latest import latest
            from cxmetrics.cli.tables import as_json

            other = plan.nodes[indicator].indicator.triangulate
            names, pair = ((indicator,), None) if other is None else ((indicator, other), (indicator, other))
            found = latest(project, plan, names, grain=grain, as_of=as_of, pair=pair)
            if shape == "json":
                record = recorded(plan, result.pyramid, indicator, found, session)
                emit_parts(as_json(tuple(record), (tuple(record.values()),)))
                return 0
            emit(described(plan, result.pyramid, indicator, found, session, colour=coloured(sys.stdout)))
    return 0


def _require_known(indicator: str, plan: Plan) -> None:
    """See that there is such an indicator.  Raises `Fault` CX201."""
    from cxmetrics.codes.names import UNKNOWN_INDICATOR
    from cxmetrics.diagnostics import DID_YOU_MEAN, Fault, closest, report

    if indicator not in plan.shown:
        near = closest(indicator, plan.shown)
        raise Fault(report(UNKNOWN_INDICATOR, None, help=DID_YOU_MEAN if near else None, name=indicator,
                           guess=near or ""))


def _draw(pyramid: Pyramid, indicator: str, lineage: Drawing, session: Session) -> None:
    """Write the lineage of an indicator to standard output."""
    import json

    from cxmetrics.cli.ancestry import ancestry, as_record, told
    from cxmetrics.cli.tree import SIGNS

    found = ancestry(pyramid, indicator, session)
    match lineage:
        case "text":
            emit_lines(told(found, pyramid, session, colour=coloured(sys.stdout), signs=draws(sys.stdout, SIGNS)))
        case "json":
            emit(json.dumps(as_record(found), ensure_ascii=False, indent=2))
        case "svg":
            from cxmetrics.cli.ancestry_drawn import drawn

            emit(drawn(found, session))

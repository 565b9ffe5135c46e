"""`cxmetrics show`: one indicator in plain words, or what a stage of the compiler made of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from cxmetrics.cli.options import as_of_option, grain_option, language_option, project_option
from cxmetrics.cli.session import Session
from cxmetrics.cli.terminal import coloured, emit, emit_parts
from cxmetrics.cli.usage import Verb

if TYPE_CHECKING:
    from cxmetrics.cli.stages import Stage
    from cxmetrics.ir import Grain

STAGES = ("documents", "syntax", "ir", "plan", "fused", "sql", "polars")


@click.command("show", cls=Verb)
@click.argument("indicator")
@project_option
@click.option("--stage", type=click.Choice(STAGES))
@grain_option
@as_of_option
@click.option("--format", "shape", type=click.Choice(("table", "json")), default="table", show_default=True)
@language_option
@click.pass_obj
def show(session: Session, indicator: str, project: Path, stage: Stage | None, grain: Grain | None,
         as_of: str | None, shape: Literal["table", "json"]) -> int:
    """Describe an indicator."""
    from cxmetrics.cli.compiled import compiled, places_of

    result, plan = compiled(project)
    if indicator not in plan.shown:
        from cxmetrics.codes.names import UNKNOWN_INDICATOR
        from cxmetrics.diagnostics import DID_YOU_MEAN, Fault, closest, report

        near = closest(indicator, plan.shown)
        raise Fault(report(UNKNOWN_INDICATOR, None, help=DID_YOU_MEAN if near else None, name=indicator,
                           guess=near or ""))
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
